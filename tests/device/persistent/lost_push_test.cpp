// Each kind of kernel that waits for words records a stall and writes NaN when a word of h is lost, and then recovers.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "cuda/persistent/persistent_executor.h"
#include "cuda/persistent/planner/persistent_plan.h"
#include "device/simt/executor.h"
#include "plan/planner.h"
#include "rondo/keras/bidirectional.h"
#include "rondo/keras/layers.h"
#include "rondo/ops/ops.h"
#include "rondo/plan/plan.h"
#include "rondo/tf1/v1.h"
#include "rondo/vocabulary/error.h"
#include "rondo/vocabulary/log.h"
#include "support/compare.h"
#include "support/counted_calls.h"
#include "support/decided.h"
#include "support/expect_error.h"

namespace rondo::test {
namespace {

constexpr std::int64_t kT = 6;
constexpr std::int64_t kI = 3;

/// A kind of exchange, and a recurrence with candidates that use it.
struct Candidate {
  const char* name;
  PersistentKind kind;
  CellKind cell;
  DType dtype;
  std::int64_t B;
  int octets;  ///< octets of a warp
  GridWords words;
  std::int64_t losses;  ///< number of the push that is lost; the steps before are right
};

class LostPush : public ::testing::TestWithParam<Candidate> {
 protected:
  const Candidate& candidate = GetParam();
  const Device device = cuda(0);
  const RecurrenceSpec spec{.cell = {.kind = candidate.cell, .units = 40, .reset_after = false},
                            .T = kT,
                            .B = candidate.B,
                            .I = kI,
                            .dtype = candidate.dtype,
                            .device = device};
  const std::int64_t columns = gate_count(candidate.cell) * 40;
  const RecurrentWeights weights =
      RecurrentWeights{Tensor::full({kI, columns}, 0.3, DType::f32), Tensor::full({40, columns}, 0.02, DType::f32),
                       Tensor::full({columns}, 0.1, DType::f32)}
          .map([&](const Tensor& weight) { return weight.to(candidate.dtype).to(device); });
  const Tensor x = Tensor::full({kT, candidate.B, kI}, 0.5, DType::f32).to(candidate.dtype).to(device);

  /// The fastest candidate of this kind with these octets and words, and several blocks.
  std::unique_ptr<const Executor> executor() const {
    for (auto& executor : persistent_alternatives(spec, properties_of(device), candidate.kind)) {
      const PersistentShape shape = persistent_candidate(*decided(*executor, spec, properties_of(device)))->plan.shape;
      if (shape.blocks > 1 && shape.octets == candidate.octets && shape.words == candidate.words) {
        return std::move(executor);
      }
    }
    return nullptr;
  }

  struct Outputs {
    Tensor y;
    std::vector<Tensor> final_state;

    SessionTensors tensors(const Tensor& x) const { return {.x = x, .y = y, .final_state = final_state}; }
    Tensor y_on_cpu() const { return y.to(cpu()).to(DType::f32); }
  };
  Outputs outputs() const {
    Outputs outputs{Tensor::full({kT, candidate.B, 40}, 7.0, candidate.dtype, device), {}};
    for (int k = 0; k < state_count(candidate.cell); ++k) {
      outputs.final_state.push_back(Tensor::full({candidate.B, 40}, 7.0, candidate.dtype, device));
    }
    return outputs;
  }
};

std::int64_t count_nan(const Tensor& values) {
  const float* begin = values.data<float>();
  return std::count_if(begin, begin + values.numel(), [](float value) { return std::isnan(value); });
}

/// How many numbers differ from `right`.
std::int64_t count_wrong(const Tensor& values, const Tensor& right) {
  std::int64_t wrong = 0;
  for (std::int64_t i = 0; i < values.numel(); ++i) {
    const float value = values.data<float>()[i];
    if (!std::isnan(value) && value != right.data<float>()[i]) ++wrong;
  }
  return wrong;
}

TEST_P(LostPush, LeavesARecordAndNanAndIsRecoveredFrom) {
  const auto executor = this->executor();
  ASSERT_NE(executor, nullptr);
  SCOPED_TRACE(std::string(executor->name()));
  const Plan plan = plan_for(*executor, spec, properties_of(device));
  const Outputs undisturbed = outputs();
  Session(plan, weights).run(undisturbed.tensors(x));
  const Tensor right = undisturbed.y_on_cpu();  // waits for the run

  Session session(plan, weights);
  const Outputs lost = outputs();
  const Outputs later = outputs();
  {
    const simt::LostPush lost_push(candidate.losses);
    session.run(lost.tensors(x));
    EXPECT_GT(count_nan(lost.y_on_cpu()), 0);
    ASSERT_TRUE(lost_push.happened());
  }
  const Tensor y = lost.y_on_cpu();
  EXPECT_EQ(count_wrong(y, right), 0) << "all other values are right";
  EXPECT_EQ(count_nan(y.select(0, 0).clone()), 0) << "the first step does not wait";
  EXPECT_EQ(std::count(y.data<float>(), y.data<float>() + y.numel(), 7.0F), 0) << "written whole";
  EXPECT_GT(count_nan(y.select(0, kT - 1).clone()), 0);
  for (const Tensor& state : lost.final_state) EXPECT_GT(count_nan(state.to(cpu()).to(DType::f32).clone()), 0);

  session.run(later.tensors(x));
  EXPECT_EQ(count_nan(later.y_on_cpu()), later.y.numel()) << "no run waits again before finish()";
  const SessionStatus status = session.finish();
  EXPECT_TRUE(status.stalled);
  EXPECT_EQ(status.stall.kind, candidate.kind == PersistentKind::cluster ? WaitKind::cluster : WaitKind::grid);
  EXPECT_GT(status.stall.step, 0);
  EXPECT_LT(status.stall.step, kT);
  const int exchanges = candidate.cell == CellKind::gru ? 2 : 1;
  EXPECT_EQ(status.stall.exchange / exchanges, status.stall.step - 1) << to_string(status.stall);
  EXPECT_TRUE(close(later.y_on_cpu(), right, 2e-2)) << "recovered";
  session.run(lost.tensors(x));
  EXPECT_FALSE(session.finish().stalled);
  EXPECT_TRUE(close(lost.y_on_cpu(), right, 2e-2));
}

INSTANTIATE_TEST_SUITE_P(
    Candidates, LostPush,
    ::testing::Values(
        Candidate{"cluster", PersistentKind::cluster, CellKind::lstm, DType::f32, 3, 2, GridWords::none, 70},
        Candidate{"packets", PersistentKind::grid, CellKind::lstm, DType::bf16, 3, 2, GridWords::numbered, 150},
        Candidate{"packets_without_tensor_cores", PersistentKind::grid, CellKind::simple_rnn, DType::f32, 3, 2,
                  GridWords::numbered, 200},
        Candidate{"threes", PersistentKind::grid, CellKind::lstm, DType::bf16, 3, 3, GridWords::threes, 50},
        Candidate{"words_alone", PersistentKind::grid, CellKind::lstm, DType::f16, 12, 2, GridWords::alone, 700},
        Candidate{"words_alone_of_few_rows", PersistentKind::grid, CellKind::lstm, DType::f16, 3, 2, GridWords::alone,
                  150},
        Candidate{"two_phases", PersistentKind::grid, CellKind::gru, DType::bf16, 3, 2, GridWords::numbered, 150},
        Candidate{"two_phases_of_words_alone", PersistentKind::grid, CellKind::gru, DType::bf16, 3, 2, GridWords::alone,
                  150}),
    [](const auto& instance) { return instance.param.name; });

const RecurrentWeights kLstm{Tensor::full({kI, 160}, 0.3, DType::f32), Tensor::full({40, 160}, 0.02, DType::f32),
                             Tensor::full({160}, 0.1, DType::f32)};

/// A door to a recurrence whose session the caller does not see.
struct HiddenSession {
  std::function<Tensor()> call;
  std::function<SessionStatus()> finish;
};

/// Calls the door, loses a push in the kernel that the planner takes, and expects NaN.
void expect_stalled(const HiddenSession& door) {
  const simt::LostPush lost_push(40);
  EXPECT_GT(count_nan(door.call().to(cpu())), 0);
  ASSERT_TRUE(lost_push.happened()) << "nothing was pushed";
}

/// A call after a stall tells of it, or finish() does; in both cases later calls are right.
void expect_told_once(const std::function<HiddenSession()>& make) {
  const Tensor right = make().call().to(cpu());
  const HiddenSession told_by_call = make();
  expect_stalled(told_by_call);
  expect_words<DeviceError>([&] { (void)told_by_call.call(); },
                            {"an earlier call stalled on cuda:0: a cluster kernel: block", "are NaN; call again"});
  EXPECT_TRUE(close(told_by_call.call().to(cpu()), right, 1e-5));
  EXPECT_FALSE(told_by_call.finish().stalled) << "told once";

  const HiddenSession told_by_finish = make();
  expect_stalled(told_by_finish);
  EXPECT_TRUE(told_by_finish.finish().stalled);
  EXPECT_FALSE(told_by_finish.finish().stalled) << "told once";
  EXPECT_TRUE(close(told_by_finish.call().to(cpu()), right, 1e-5));
}

const CallOptions kForced{.plan = {.executor = "cuda_cluster"}};

struct HiddenSessions : ::testing::Test {
  const Device device = cuda(0);
  const RecurrentWeights weights = kLstm.to(device);
  const Tensor x = Tensor::full({2, kT, kI}, 0.5, DType::f32, device);
  const LSTM lstm{{.units = 40}, weights, {.return_sequences = true}};
  const LSTM backward{{.units = 40}, weights, {.return_sequences = true, .go_backwards = true}};
};

TEST_F(HiddenSessions, ALayerTellsOfAStall) {
  expect_told_once([&]() -> HiddenSession {
    const auto layer = std::make_shared<LSTM>(LSTMCellOptions{.units = 40}, weights, lstm.options());
    return {[=, this] { return (*layer)(x, kForced).output.leaf(); }, [=] { return layer->finish(); }};
  });
}

TEST_F(HiddenSessions, BothDirectionsTellOfAStall) {
  expect_told_once([&]() -> HiddenSession {
    const auto both = std::make_shared<Bidirectional>(lstm, backward);
    return {[=, this] { return (*both)(x, kForced).output.leaf(); }, [=] { return both->finish(); }};
  });
}

TEST_F(HiddenSessions, DynamicRnnTellsOfAStall) {
  expect_told_once([&]() -> HiddenSession {
    const auto cell = std::make_shared<LSTMCell>(LSTMCellOptions{.units = 40}, weights);
    v1::DynamicRnnOptions options;
    options.dtype = DType::f32;
    options.plan = kForced.plan;
    return {[=, this] { return v1::dynamic_rnn(cell, x, options).outputs.leaf(); }, [=] { return cell->finish(); }};
  });
}

/// A session that is destroyed before anybody has asked writes to the log.
TEST_F(HiddenSessions, AStallThatNobodyAsksForIsLogged) {
  std::string logged;
  set_log_sink([&](LogLevel, std::string_view message) { logged += message; });
  {
    LSTM layer(lstm);
    const auto cell = std::make_shared<LSTMCell>(LSTMCellOptions{.units = 40}, weights);
    RNN hidden(cell, lstm.options());
    expect_stalled({[&] { return hidden(x, kForced).output.leaf(); }, {}});
  }
  set_log_sink({});
  EXPECT_NE(logged.find("a run on cuda:0 stalled, and nobody asked"), std::string::npos) << logged;
}

/// A call waits for nothing and allocates its results alone.
TEST_F(HiddenSessions, ACallThatMayStallDoesNotWait) {
  LSTM layer(lstm);
  for (int call = 0; call < 3; ++call) (void)layer(x, kForced);
  const CountedCalls counted;
  const Tensor y = layer(x, kForced).output.leaf();
  EXPECT_EQ(counted.of(cuda_runtime::Call::synchronize), 0);
  EXPECT_EQ(counted.of(cuda_runtime::Call::copy), 0);
  EXPECT_EQ(counted.of(cuda_runtime::Call::allocate), 1);
  EXPECT_EQ(counted.of(cuda_runtime::Call::launch), 1);
}

}  // namespace
}  // namespace rondo::test
