// dynamic_rnn and bidirectional_dynamic_rnn beyond the goldens: lengths, dtypes, states of rank 0, chunks.

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

#include "support/compare.h"
#include "support/expect_error.h"
#include "units/layers/v1_example_cells.h"

namespace rondo::test {
namespace {

Nest counting_state() { return Nest::tuple({Tensor::zeros({B, H}, DType::f32), Tensor::zeros({}, DType::f32)}); }
std::vector<float> first_units(const Tensor& y) { return y.select(2, 0).to_vector<float>(); }

TEST(DynamicRnn, AStateOfRankZeroIsUpdatedAtEveryStep) {
  const Tensor lengths = Tensor::from<std::int32_t>({2, 0}, {B});
  const v1::DynamicRnnResult result =
      v1::dynamic_rnn(std::make_shared<CountingCell>(), ones(),
                      {.sequence_length = lengths, .initial_state = counting_state(), .dtype = DType::f32});
  EXPECT_EQ(result.outputs.structure(), "{h: *, n: *}");
  EXPECT_EQ(first_units(result.outputs["h"]), (std::vector<float>{1, 2, 0, 0, 0, 0, 0, 0, 0, 0}));
  EXPECT_EQ(first_units(result.outputs["n"]), (std::vector<float>{1, 2, 0, 0, 0, 0, 0, 0, 0, 0}));
  EXPECT_EQ(result.state[0].leaf().select(1, 0).to_vector<float>(), (std::vector<float>{2, 0}));
  EXPECT_EQ(result.state[1].leaf().item(), static_cast<double>(T));
}

// Row 0 of length 2 is read as steps 1, 0, 2, 3, 4: its live steps are the first two.
TEST(BidirectionalRnn, AStateOfRankZeroSeesRowsReversed) {
  const Tensor lengths = Tensor::from<std::int64_t>({2, T}, {B});
  const v1::BidirectionalRnnOptions options{
      .sequence_length = lengths, .initial_state_fw = counting_state(), .initial_state_bw = counting_state()};
  const auto cell = std::make_shared<CountingCell>();
  const v1::BidirectionalRnnResult result = v1::bidirectional_dynamic_rnn(cell, cell, ones(), options);
  EXPECT_EQ(first_units(result.outputs.bw["n"]), (std::vector<float>{2, 1, 0, 0, 0, 5, 4, 3, 2, 1}));
  EXPECT_EQ(first_units(result.outputs.fw["n"]), (std::vector<float>{1, 2, 0, 0, 0, 1, 2, 3, 4, 5}));
  EXPECT_EQ(result.output_states.bw[1].leaf().item(), static_cast<double>(T));
}

TEST(DynamicRnn, LengthsBeyondTheStepsAreAllOfThem) {
  for (const auto& cell : {lstm(), peephole_lstm(), std::shared_ptr<Cell>(std::make_shared<CalledCell>(lstm()))}) {
    const Tensor wide = Tensor::from<std::int64_t>({-5, std::int64_t{1} << 40}, {B});
    const Tensor exact = Tensor::from<std::int32_t>({0, T}, {B});
    const auto run = [&](const Tensor& lengths) {
      return v1::dynamic_rnn(cell, inputs(), {.sequence_length = lengths, .dtype = DType::f32});
    };
    EXPECT_TRUE(identical(run(wide).outputs, run(exact).outputs));
    EXPECT_TRUE(identical(run(wide).state["c"], run(exact).state["c"]));
    EXPECT_TRUE(identical(run(wide).outputs.leaf().select(0, 0), Tensor::zeros({T, H}, DType::f32)));
  }
}

TEST(DynamicRnn, RowsWithoutStepsKeepTheirState) {
  Random random(4);
  const Nest state = Nest::named({{"c", random.tensor({B, H}, 1.0)}, {"h", random.tensor({B, H}, 1.0)}});
  const Tensor nothing = Tensor::zeros({B}, DType::i32);
  for (const auto& cell : {lstm(), peephole_lstm()}) {
    Tensor x = inputs();
    x.fill(std::numeric_limits<double>::quiet_NaN());
    const v1::DynamicRnnResult result =
        v1::dynamic_rnn(cell, x, {.sequence_length = nothing, .initial_state = state, .parallel_iterations = 2});
    EXPECT_TRUE(identical(result.outputs, Tensor::zeros({B, T, H}, DType::f32)));
    EXPECT_TRUE(identical(result.state["c"], state["c"]));
    EXPECT_TRUE(identical(result.state["h"], state["h"]));
  }
}

TEST(DynamicRnn, WithoutStepsTheOutputIsAsTheCellSays) {
  const auto called = std::make_shared<CalledCell>(std::make_shared<CountingCell>());
  const v1::DynamicRnnOptions options{.initial_state = counting_state(), .dtype = DType::f32};
  const v1::DynamicRnnResult result = v1::dynamic_rnn(called, ones().slice(1, 0, 0), options);
  EXPECT_EQ(called->calls(), 0);
  EXPECT_EQ(result.outputs["n"].leaf().shape(), (Shape{B, 0, H}));
  EXPECT_EQ(result.state[1].leaf().item(), 0.0);
}

TEST(DynamicRnn, TheDTypeIsThatOfTheStateUnlessItIsGiven) {
  const auto cell = std::make_shared<CountingCell>();
  const Nest mixed = Nest::tuple({Tensor::zeros({B, H}, DType::f32), Tensor::zeros({}, DType::f64)});
  expect_words([&] { v1::dynamic_rnn(cell, ones(), {.initial_state = mixed}); },
               {"dtype: got none, and initial_state of f32 and f64", "one, for the outputs"});
  EXPECT_EQ(v1::dynamic_rnn(cell, ones(), {.initial_state = counting_state()}).outputs["h"].leaf().dtype(), DType::f32);
  const auto doubles = std::make_shared<CalledCell>(lstm());
  expect_words(
      [&] {
        v1::dynamic_rnn(doubles, inputs(),
                        {.initial_state = lstm()->state_size().map([](const Shape&) {
                           return Tensor::zeros({B, H}, DType::f32);
                         }),
                         .dtype = DType::f64});
      },
      {"cell: output[0]: got f32(2, 4)", "f64(2, 4)"});
}

TEST(DynamicRnn, OnlyCellsOfOnesOwnAreCalled) {
  const auto with_executor = [](const std::shared_ptr<Cell>& cell) {
    return v1::dynamic_rnn(cell, inputs(), {.dtype = DType::f32, .plan = {.executor = "nobody"}});
  };
  expect_words([&] { with_executor(lstm()); }, {"nobody"});
  expect_words([&] { with_executor(std::make_shared<v1::MultiRNNCell>(std::vector{lstm()})); }, {"nobody"});
  expect_words([&] { with_executor(peephole_lstm()); }, {"nobody"});
  const auto own = std::make_shared<CalledCell>(lstm());
  v1::dynamic_rnn(own, inputs(), {.dtype = DType::f32});
  EXPECT_EQ(own->calls(), T);
  // The known cell inside is planned at every step, for the executor in the context that it is called with.
  expect_words([&] { with_executor(own); }, {"nobody"});
  EXPECT_EQ(own->calls(), T + 1);
}

TEST(DynamicRnn, AcceptedOptionsWithoutEffectHaveNone) {
  const v1::DynamicRnnResult plain = v1::dynamic_rnn(lstm(), inputs(), {.dtype = DType::f32});
  const v1::DynamicRnnResult other =
      v1::dynamic_rnn(lstm(), inputs(), {.dtype = DType::f32, .swap_memory = true, .scope = "other"});
  EXPECT_TRUE(identical(plain.outputs, other.outputs));
}

/// What gradients need is in the host's memory anyway.
TEST(DynamicRnn, SwapMemoryHasNoEffectOnTheCpu) {
  const auto gradients = [](bool swap_memory) {
    const auto result =
        v1::dynamic_rnn(lstm(), inputs(), {.dtype = DType::f32, .swap_memory = swap_memory, .gradients = true});
    return result.pullback(Tensor::full({B, T, H}, 1.0, DType::f32)).weights;
  };
  const std::vector<Tensor> actual = gradients(true);
  const std::vector<Tensor> expected = gradients(false);
  ASSERT_EQ(actual.size(), expected.size());
  for (std::size_t k = 0; k < actual.size(); ++k) EXPECT_TRUE(identical(actual[k], expected[k]));
}

// Remembers the largest number of bytes that were allocated at once.
class PeakAllocator final : public Allocator {
 public:
  Device device() const override { return cpu(); }
  void* allocate(std::size_t bytes, Stream) override {
    live_ += bytes;
    peak_ = std::max(peak_, live_);
    return ::operator new (bytes, std::align_val_t{kAlignment});
  }
  void deallocate(void* pointer, std::size_t bytes, Stream) noexcept override {
    live_ -= bytes;
    ::operator delete (pointer, std::align_val_t{kAlignment});
  }
  std::size_t peak() const { return peak_; }

 private:
  std::size_t live_ = 0;
  std::size_t peak_ = 0;
};

// The executor of the CPU has chunks of its own, so that memory does not grow with this number there.
TEST(DynamicRnn, ParallelIterationsChangeNeitherNumbersNorTheCpusMemory) {
  constexpr std::int64_t kSteps = 512;
  const Tensor x = Random(5).tensor({B, kSteps, I}, 1.0);
  for (const bool has_peepholes : {false, true}) {
    const auto run = [&](std::int64_t parallel_iterations, std::size_t& peak) {
      const auto cell = has_peepholes ? peephole_lstm() : lstm();  // which has packed no weights yet
      const auto allocator = std::make_shared<PeakAllocator>();
      set_default_allocator(cpu(), allocator);
      const v1::DynamicRnnResult result =
          v1::dynamic_rnn(cell, x, {.dtype = DType::f32, .parallel_iterations = parallel_iterations});
      set_default_allocator(cpu(), nullptr);
      peak = allocator->peak();
      return result;
    };
    std::size_t most = 0;
    std::size_t least = 0;
    std::size_t usual = 0;
    const v1::DynamicRnnResult at_once = run(kSteps, most);
    const v1::DynamicRnnResult in_chunks = run(7, least);
    const v1::DynamicRnnResult by_default = run(0, usual);
    EXPECT_TRUE(close(in_chunks.outputs, at_once.outputs, 1e-5));
    EXPECT_TRUE(close(by_default.outputs, at_once.outputs, 1e-5));
    // The products of the inputs of all steps would be (T, B, 4 H) floats.
    const std::size_t sums = kSteps * B * 4 * H * sizeof(float);
    EXPECT_LT(most, least + sums / 2);
    EXPECT_LT(most, usual + sums / 2);
  }
}

TEST(DynamicRnn, HalfPrecisionGoesFromChunkToChunk) {
  const auto of = [](DType dtype, bool use_peepholes) {
    Random random(6);
    const v1::LSTMCellOptions options{.num_units = H, .use_peepholes = use_peepholes};
    return std::make_shared<v1::LSTMCell>(options, RandomWeights{random, dtype}.lstm(I, options));
  };
  for (const bool use_peepholes : {false, true}) {
    const v1::DynamicRnnOptions options{.dtype = DType::bf16, .parallel_iterations = 2};
    const v1::DynamicRnnResult half =
        v1::dynamic_rnn(of(DType::bf16, use_peepholes), inputs().to(DType::bf16), options);
    const v1::DynamicRnnResult full = v1::dynamic_rnn(of(DType::f32, use_peepholes), inputs(), {.dtype = DType::f32});
    EXPECT_EQ(half.outputs.leaf().dtype(), DType::bf16);
    EXPECT_TRUE(close(half.outputs.leaf().to(DType::f32), full.outputs, 0.03));
  }
}

TEST(DynamicRnn, AnExceptionOfTheCellPassesThrough) {
  struct Thrower final : Cell {
    SizeNest state_size() const override { return Shape{H}; }
    StepResult call(const Nest&, const States&, const CellContext&) override { throw std::logic_error("enough"); }
  };
  expect_words<std::logic_error>([] { v1::dynamic_rnn(std::make_shared<Thrower>(), ones(), {.dtype = DType::f32}); },
                                 {"enough"});
}

}  // namespace
}  // namespace rondo::test
