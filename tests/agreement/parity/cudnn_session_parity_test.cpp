// cuDNN's executors through a Session on the device, against the reference executor on the CPU.

#include <gtest/gtest.h>

#include "cuda/runtime/calls.h"
#include "rondo/plan/plan.h"
#include "support/compare.h"
#include "support/device_under_test.h"
#include "support/expect_error.h"
#include "support/random.h"

namespace rondo::test {
namespace {

class CudnnSessionParity : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_NO_THROW(check_device(device())); }

  static Device device() { return device_under_test(); }
};

/// One recurrence through a session, on the device and by the reference.
class SessionPair {
 public:
  SessionPair(const RecurrenceSpec& spec, const std::string& executor, Random& random, GraphUse graph_use)
      : device_(spec.device) {
    const std::int64_t columns = gate_count(spec.cell.kind) * spec.cell.units;
    const Shape bias = spec.cell.kind == CellKind::gru ? Shape{2, columns} : Shape{columns};
    const RecurrentWeights weights{random.tensor({spec.I, columns}, 0.2),
                                   random.tensor({spec.cell.units, columns}, 0.1), random.tensor(bias, 0.3)};
    RecurrenceSpec reference = spec;
    reference.device = cpu();
    expected_.emplace(Plan::create(reference, {.executor = "reference"}), weights);
    actual_.emplace(
        Plan::create(spec, {.executor = executor, .graph_use = graph_use}),
        RecurrentWeights{weights.kernel.to(device_), weights.recurrent_kernel.to(device_), weights.bias->to(device_)});
  }

  /// Runs both sessions, and compares every output.
  void run(const SessionTensors& tensors, const SessionTensors& on_device) {
    expected_->run(tensors);
    actual_->run(on_device);
    const auto compare = [](const Tensor& actual, const Tensor& expected, const std::string& name) {
      EXPECT_TRUE(close(actual.to(cpu()), expected, 1e-5)) << name;
    };
    if (tensors.y) compare(*on_device.y, *tensors.y, "y");
    if (tensors.last_output) compare(*on_device.last_output, *tensors.last_output, "last output");
    for (std::size_t k = 0; k < tensors.final_state.size(); ++k) {
      compare(on_device.final_state[k], tensors.final_state[k], "final state " + std::to_string(k));
    }
  }

  Session& actual() { return *actual_; }

 private:
  Device device_;
  std::optional<Session> expected_;
  std::optional<Session> actual_;
};

RecurrenceSpec session_spec(CellKind kind, Device device) {
  return {.cell = {.kind = kind, .units = 64}, .T = 5, .B = 8, .I = 32, .device = device};
}

// Final states overwrite the initial ones, so that each run continues the last. The second run is recorded, the third
// replayed.
TEST_F(CudnnSessionParity, SessionsThatCarryTheirStates) {
  for (const GraphUse graph_use : {GraphUse::never, GraphUse::automatic}) {
    for (const CellKind kind : {CellKind::simple_rnn, CellKind::lstm, CellKind::gru}) {
      for (const bool batch_major : {false, true}) {
        Random random(500);
        const RecurrenceSpec spec = session_spec(kind, device());
        SessionPair pair(spec, "cudnn_standard", random, graph_use);
        const auto sequence = [&](std::int64_t width, Device where) {
          return batch_major ? Tensor::zeros({spec.B, spec.T, width}, DType::f32, where).swap_axes(0, 1)
                             : Tensor::zeros({spec.T, spec.B, width}, DType::f32, where);
        };
        const auto tensors_on = [&](Device where) {
          SessionTensors tensors;
          tensors.x = sequence(spec.I, where);
          tensors.y = sequence(spec.cell.units, where);
          tensors.last_output = Tensor::zeros({spec.B, spec.cell.units}, DType::f32, where);
          for (int k = 0; k < state_count(kind); ++k) {
            tensors.final_state.push_back(Tensor::zeros({spec.B, spec.cell.units}, DType::f32, where));
          }
          tensors.initial_state = tensors.final_state;
          return tensors;
        };
        const SessionTensors tensors = tensors_on(cpu());
        const SessionTensors on_device = tensors_on(device());
        for (int repeat = 0; repeat < 4; ++repeat) {
          SCOPED_TRACE(to_string(kind) + ", run " + std::to_string(repeat));
          tensors.x.copy_from(random.tensor(tensors.x.shape(), 1.0));
          on_device.x.copy_from(tensors.x);
          pair.run(tensors, on_device);
        }
      }
    }
  }
}

TEST_F(CudnnSessionParity, SessionsThatWantLittle) {
  Random random(600);
  const RecurrenceSpec spec = session_spec(CellKind::lstm, device());
  SessionPair pair(spec, "cudnn_standard", random, GraphUse::never);
  SessionTensors tensors;
  SessionTensors on_device;
  tensors.x = random.tensor({spec.T, spec.B, spec.I}, 1.0);
  on_device.x = tensors.x.to(device());
  const auto rows_on = [&](Device where) { return Tensor::zeros({spec.B, spec.cell.units}, DType::f32, where); };
  pair.run(tensors, on_device);
  tensors.last_output = rows_on(cpu());
  on_device.last_output = rows_on(device());
  pair.run(tensors, on_device);
  tensors.final_state = {rows_on(cpu()), rows_on(cpu())};
  on_device.final_state = {rows_on(device()), rows_on(device())};
  tensors.last_output.reset();
  on_device.last_output.reset();
  pair.run(tensors, on_device);
  on_device.x = Tensor::zeros({spec.T, spec.B, spec.I + 1}, DType::f32, device()).slice(2, 0, spec.I);
  expect_words([&] { pair.actual().run(on_device); }, {"x: got strides of 264 (T) and 33 (B)"});
}

thread_local std::vector<cuda_runtime::Call> seen_calls;

TEST_F(CudnnSessionParity, RunsNeitherAllocateNorSynchronise) {
  Random random(700);
  const RecurrenceSpec spec = session_spec(CellKind::gru, device());
  SessionPair pair(spec, "cudnn_standard", random, GraphUse::automatic);
  SessionTensors tensors;
  tensors.x = random.tensor({spec.T, spec.B, spec.I}, 1.0).to(device());
  tensors.y = Tensor::zeros({spec.T, spec.B, spec.cell.units}, DType::f32, device());
  seen_calls.clear();
  cuda_runtime::observe_calls([](cuda_runtime::Call call) { seen_calls.push_back(call); });
  for (int repeat = 0; repeat < 3; ++repeat) pair.actual().run(tensors);
  cuda_runtime::observe_calls(nullptr);
  EXPECT_EQ(seen_calls, (std::vector{cuda_runtime::Call::record_graph, cuda_runtime::Call::replay_graph,
                                     cuda_runtime::Call::replay_graph}));
}

}  // namespace
}  // namespace rondo::test
