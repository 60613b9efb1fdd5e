// Layers, cells and functions keep their sessions: what a second call allocates, and when it packs weights anew.

#include <gtest/gtest.h>

#include <barrier>
#include <functional>
#include <thread>
#include <utility>

#include "rondo/rondo.h"
#include "support/compare.h"
#include "support/counting_allocator.h"
#include "support/expect_error.h"
#include "support/random.h"

namespace rondo::test {
namespace {

constexpr std::int64_t T = 5;
constexpr std::int64_t B = 2;
constexpr std::int64_t H = 8;  // also the width of the inputs, so that cells can be stacked

RecurrentWeights lstm_weights(std::uint64_t seed, std::int64_t units = H) {
  Random random(seed);
  return {.kernel = random.tensor({units, 4 * units}, 0.3),
          .recurrent_kernel = random.tensor({units, 4 * units}, 0.3),
          .bias = random.tensor({4 * units}, 0.3)};
}

std::shared_ptr<Cell> lstm_cell(std::uint64_t seed) {
  return std::make_shared<LSTMCell>(LSTMCellOptions{.units = H}, lstm_weights(seed));
}

Tensor inputs(std::uint64_t seed = 7) { return Random(seed).tensor({B, T, H}, 1.0); }

/// A way into the library, with the number of tensors that it returns.
struct Door {
  const char* name;
  int outputs;
  std::function<std::function<void()>()> open;  ///< makes the object, and returns a call of it
};

std::vector<Door> doors() {
  const Tensor x = inputs();
  std::vector<Door> all = {
      {"layer", 1,
       [x] {
         auto lstm =
             std::make_shared<LSTM>(LSTMCellOptions{.units = H}, lstm_weights(1), RNNOptions{.return_sequences = true});
         return [lstm, x] { (void)(*lstm)(x); };
       }},
      {"layer_with_states", 3,
       [x] {
         auto lstm =
             std::make_shared<LSTM>(LSTMCellOptions{.units = H}, lstm_weights(1), RNNOptions{.return_state = true});
         return [lstm, x] { (void)(*lstm)(x); };
       }},
      {"cell", 2,
       [x] {
         const States states{Tensor::zeros({B, H}, DType::f32), Tensor::zeros({B, H}, DType::f32)};
         return [cell = lstm_cell(1), frame = x.select(1, 0).contiguous(), states] {
           (void)cell->call(frame, states, {});
         };
       }},
      {"stack", 1,
       [x] {
         auto stack = std::make_shared<RNN>(std::vector{lstm_cell(1), lstm_cell(2), lstm_cell(3)});
         return [stack, x] { (void)(*stack)(x); };
       }},
      {"bidirectional", 1,
       [x] {
         auto both = std::make_shared<Bidirectional>(LSTM({.units = H}, lstm_weights(1), {.return_sequences = true}),
                                                     std::vector{lstm_weights(2)});
         return [both, x] { (void)(*both)(x); };
       }},
      {"step", 1,
       [x] {
         auto lstm = std::make_shared<LSTM>(LSTMCellOptions{.units = H}, lstm_weights(1));
         auto states = std::make_shared<States>();
         return [lstm, states, frame = x.select(1, 0).contiguous()] { (void)lstm->step(frame, *states); };
       }},
      {"step_of_a_stack", 1,
       [x] {
         auto stack = std::make_shared<RNN>(std::vector{lstm_cell(1), lstm_cell(2)});
         auto states = std::make_shared<States>();
         return [stack, states, frame = x.select(1, 0).contiguous()] { (void)stack->step(frame, *states); };
       }},
      {"dynamic_rnn", 3,
       [x] {
         const Nest states = Nest::tuple({Tensor::zeros({B, H}, DType::f32), Tensor::zeros({B, H}, DType::f32)});
         return [cell = lstm_cell(1), x, states] { (void)v1::dynamic_rnn(cell, x, {.initial_state = states}); };
       }},
  };
#if RONDO_HAS_ONNX
  all.push_back({"onnx", 3, [x] {
                   auto runner = std::make_shared<OnnxRunner>(
                       OnnxOperator{.kind = CellKind::lstm, .hidden_size = H},
                       OnnxWeights{.kernel = Random(1).tensor({1, 4 * H, H}, 0.3),
                                   .recurrent_kernel = Random(2).tensor({1, 4 * H, H}, 0.3)});
                   return [runner, x = x.swap_axes(0, 1).contiguous()] { (void)runner->run({.x = x}); };
                 }});
#endif
  return all;
}

TEST(FrontDoor, ASecondCallAllocatesItsOutputsAlone) {
  for (const Door& door : doors()) {
    const CountedScope scope;
    const auto call = door.open();
    call();
    call();
    const int before = scope.counts().allocations();
    call();
    EXPECT_EQ(scope.counts().allocations() - before, door.outputs) << door.name;
  }
}

TEST(FrontDoor, ThreadsShareOneCopyOfThePackedWeights) {
  constexpr std::int64_t kUnits = 512;
  constexpr int kThreads = 16;
  class Bytes final : public Allocator {
   public:
    Device device() const override { return cpu(); }
    void* allocate(std::size_t bytes, Stream) override {
      live += bytes;
      return ::operator new (bytes, std::align_val_t{kAlignment});
    }
    void deallocate(void* pointer, std::size_t bytes, Stream) noexcept override {
      live -= bytes;
      ::operator delete (pointer, std::align_val_t{kAlignment});
    }
    std::atomic<std::size_t> live = 0;
  };
  const auto bytes = std::make_shared<Bytes>();
  set_default_allocator(cpu(), bytes);
  {
    LSTM lstm({.units = kUnits}, lstm_weights(1, kUnits));
    const Tensor x = Random(2).tensor({1, 1, kUnits}, 1.0);
    const CallOptions options{.plan = {.threads = 1}};
    const std::vector<float> right = lstm(x, options).output.leaf().to_vector<float>();
    const std::size_t of_one = bytes->live;
    std::atomic<int> wrong = 0;
    std::barrier together(kThreads);
    std::vector<std::thread> threads;
    for (int k = 0; k < kThreads; ++k) {
      threads.emplace_back([&] {
        together.arrive_and_wait();
        for (int call = 0; call < 20; ++call) {
          if (lstm(x, options).output.leaf().to_vector<float>() != right) ++wrong;
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(wrong, 0);
    EXPECT_LE(static_cast<double>(bytes->live), 1.3 * static_cast<double>(of_one));
  }
  set_default_allocator(cpu(), nullptr);
}

TEST(FrontDoor, ReplacedWeightsAreUsed) {
  auto cell = std::make_shared<LSTMCell>(LSTMCellOptions{.units = H}, lstm_weights(1));
  auto upper = std::make_shared<LSTMCell>(LSTMCellOptions{.units = H}, lstm_weights(2));
  RNN layer(cell);
  RNN stack(std::vector<std::shared_ptr<Cell>>{cell, upper});
  const Tensor x = inputs();
  const Tensor before = stack(x).output;
  (void)layer(x);
  const RecurrentWeights other = lstm_weights(3);
  cell->set_weights({other.kernel, other.recurrent_kernel, *other.bias});
  EXPECT_TRUE(identical(layer(x).output.leaf(), LSTM({.units = H}, other)(x).output.leaf()));
  const Tensor after = stack(x).output;
  EXPECT_FALSE(identical(after, before));
  auto fresh = std::make_shared<LSTMCell>(LSTMCellOptions{.units = H}, other);
  EXPECT_TRUE(identical(after, RNN(std::vector<std::shared_ptr<Cell>>{fresh, upper})(x).output.leaf()));
}

TEST(FrontDoor, ReloadedWeightsAreUsedAndNothingIsAllocated) {
  const RecurrentWeights weights = lstm_weights(1);
  LSTM lstm({.units = H}, weights);
  Bidirectional both(lstm, std::vector{lstm_weights(2)});
  const Tensor x = inputs();
  (void)lstm(x);
  (void)both(x);
  const RecurrentWeights other = lstm_weights(3);
  weights.kernel.copy_from(other.kernel);
  weights.recurrent_kernel.copy_from(other.recurrent_kernel);
  weights.bias->copy_from(*other.bias);
  {
    const CountedScope scope;
    lstm.reload_weights();
    both.reload_weights();
    EXPECT_EQ(scope.counts().allocations(), 0);
  }
  EXPECT_TRUE(identical(lstm(x).output.leaf(), LSTM({.units = H}, other)(x).output.leaf()));
  Bidirectional fresh(LSTM({.units = H}, other), std::vector{lstm_weights(2)});
  EXPECT_TRUE(identical(both(x).output.leaf(), fresh(x).output.leaf()));
}

TEST(FrontDoor, AThreadPoolThatIsReplacedIsUsed) {
  LSTM lstm({.units = H}, lstm_weights(1));
  const Tensor x = inputs();
  const Tensor before = lstm(x).output;
  std::weak_ptr<ThreadPool> first = default_thread_pool();
  set_default_thread_pool(make_thread_pool(2));
  EXPECT_TRUE(identical(lstm(x).output.leaf(), before));
  set_default_thread_pool(nullptr);
}

/// A cell that calls its own layer from another thread, in the middle of a call.
class Intruding final : public Cell {
 public:
  std::function<void()> intrude;

  SizeNest state_size() const override { return Shape{1}; }
  StepResult call(const Nest& inputs, const States&, const CellContext&) override {
    if (intrude) std::thread(std::exchange(intrude, nullptr)).join();
    return {inputs, {inputs}};
  }
};

TEST(FrontDoor, AStatefulLayerIsOneThreads) {
  const Tensor x = Tensor::full({2, 3, 1}, 1.0, DType::f32);
  for (const bool stateful : {true, false}) {
    const auto cell = std::make_shared<Intruding>();
    RNN layer(cell, {.stateful = stateful});
    RNN copy = layer;
    std::string message;
    cell->intrude = [&] {
      (void)copy(x);  // a copy has states of its own
      try {
        (void)layer(x);
      } catch (const RuntimeError& error) {
        message = error.what();
      }
    };
    (void)layer(x);
    EXPECT_EQ(message.find("stateful layer: a second thread called it") == 0, stateful) << message;
    EXPECT_NO_THROW((void)layer(x)) << "the layer is free again";
  }
}

/// Steps give the outputs of a call over the whole sequence, and write their states in place.
TEST(FrontDoor, StepsEqualASequence) {
  const Tensor x = inputs();
  const LSTM lstm({.units = H}, lstm_weights(1), {.return_sequences = true, .return_state = true});
  const RNN stack(std::vector{lstm_cell(1), lstm_cell(2)}, {.return_sequences = true, .return_state = true});
  for (const RNN& layer : {static_cast<const RNN&>(lstm), stack}) {
    RNN whole = layer;
    const LayerResult result = whole(x);
    States states;
    void* memory = nullptr;
    for (std::int64_t t = 0; t < T; ++t) {
      const Tensor output = layer.step(x.select(1, t), states);
      EXPECT_TRUE(close(output, result.output.leaf().select(1, t), 1e-6)) << t;
      const Tensor h = states[0].flatten()[0];
      EXPECT_TRUE(t == 0 || h.data() == memory) << "written in place";
      memory = h.data();
    }
    const Nest expected = Nest::tuple(result.states);
    const Nest actual = Nest::tuple(states);
    ASSERT_TRUE(actual.same_structure(expected));
    for (std::size_t k = 0; k < expected.leaf_count(); ++k) {
      EXPECT_TRUE(close(actual.flatten()[k], expected.flatten()[k], 1e-6)) << k;
    }
  }
}

TEST(FrontDoor, AStepRefusesWhatDoesNotFit) {
  const LSTM lstm({.units = H}, lstm_weights(1));
  States states;
  expect_words(
      [&] {
        (void)lstm.step(Tensor::zeros({B, H + 1}, DType::f32), states);
      },
      {"x: got f32(2, 9)", "f32(B, 8)"});
  states = {Tensor::zeros({B, H}, DType::f32)};
  expect_words(
      [&] {
        (void)lstm.step(Tensor::zeros({B, H}, DType::f32), states);
      },
      {"states: got 1 tensors, expected 2"});
  states = {Tensor::zeros({B, H}, DType::f32), Tensor::zeros({B + 1, H}, DType::f32)};
  expect_words([&] { (void)lstm.step(Tensor::zeros({B, H}, DType::f32), states); }, {"state[1]", "f32(3, 8)"});
  const RNN stack(std::vector{lstm_cell(1), lstm_cell(2)});
  expect_words([&] { (void)stack.step(Tensor::zeros({B, H}, DType::f32), states); }, {"states[0]"});
  const RNN custom(std::make_shared<Intruding>());
  States none;
  expect_words([&] { (void)custom.step(Nest::tuple({}), none); }, {"x: got no tensor", "(B, ...)"});
  expect_words([&] { (void)custom.step(Tensor(), none); }, {"x: got", "(B, ...)"});
}

}  // namespace
}  // namespace rondo::test
