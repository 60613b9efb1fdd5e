// Reserves in a layout of an executor's own: who computes their gradients, what a plan says of them, and where they are
// refused. This program replaces the list of executors.

#include <gtest/gtest.h>

#include <array>
#include <cstring>

#include "plan/executor_list.h"
#include "recurrence/reserve.h"
#include "rondo/keras/layers.h"
#include "rondo/plan/network.h"
#include "support/expect_error.h"

namespace rondo {
namespace {

constexpr std::size_t kOwnBytes = 1000;
constexpr std::uint8_t kMark = 77;

class MarkingRunner final : public Runner {
 public:
  void run(const RecurrenceBuffers& buffers, void*) override {
    if (buffers.reserve != nullptr) std::memset(static_cast<std::byte*>(buffers.reserve) + kReserveTagBytes, kMark, 1);
  }
};

class ReadingRunner final : public BackwardRunner {
 public:
  void run(const GradientBuffers& buffers, void*) override {
    use() = buffers.reserve_use;
    mark() = *(static_cast<std::uint8_t*>(buffers.run.reserve) + kReserveTagBytes);
  }
  static ReserveUse& use() {
    static ReserveUse last = ReserveUse::keep;
    return last;
  }
  static std::uint8_t& mark() {
    static std::uint8_t last = 0;
    return last;
  }
};

class AnyDecision final : public Decision {
 public:
  explicit AnyDecision(KeptLayout layout) : layout_(layout) {}
  std::size_t workspace_bytes() const override { return 8; }
  std::optional<std::size_t> own_reserve_bytes() const override {
    return layout_ == KeptLayout::own ? std::optional(kOwnBytes) : std::nullopt;
  }
  MadeRunner make_runner(const RunnerRequest&) const override {
    return {.runner = std::make_unique<MarkingRunner>(), .workspace_bytes = 8};
  }

 private:
  const KeptLayout layout_;
};

class AnyBackward final : public BackwardDecision {
 public:
  std::size_t workspace_bytes() const override { return 16; }
  MadeBackwardRunner make_runner(const RunnerRequest&) const override {
    return {.runner = std::make_unique<ReadingRunner>()};
  }
};

class Keeping final : public Executor {
 public:
  Keeping(std::string_view name, KeptLayout layout) : name_(name), layout_(layout) {}
  std::string_view name() const override { return name_; }
  Answer decide(const RecurrenceSpec&, const DeviceProperties&) const override {
    return std::make_shared<AnyDecision>(layout_);
  }
  std::optional<Refusal> refuse_to_keep(const RecurrenceSpec&) const override { return std::nullopt; }
  KeptLayout kept_layout() const override { return layout_; }
  BackwardAnswer decide_backward(const RecurrenceSpec&, const DeviceProperties&) const override {
    return std::make_shared<AnyBackward>();
  }

 private:
  const std::string_view name_;
  const KeptLayout layout_;
};

RecurrenceSpec keeping_spec() {
  return {.cell = {.kind = CellKind::simple_rnn, .units = 4}, .T = 3, .B = 2, .I = 5, .keep = Keep::gates};
}

RecurrentWeights weights() {
  return {Tensor::zeros({5, 4}, DType::f32), Tensor::zeros({4, 4}, DType::f32), Tensor::zeros({4}, DType::f32)};
}

TEST(OwnReserve, ItsExecutorAloneComputesItsGradients) {
  const Plan plan = Plan::create(keeping_spec(), {.executor = "sealed"});
  EXPECT_EQ(plan.backward_executor_name(), "sealed");
  EXPECT_EQ(plan.reserve_bytes(), kOwnBytes);
  EXPECT_EQ(plan.reserve_bytes(1), kOwnBytes);
  EXPECT_EQ(plan.workspace_bytes(), 16U);
  EXPECT_NE(plan.explain().find("\n  gradients:\n  sealed computes them, from a reserve in a layout of its own"),
            std::string::npos)
      << plan.explain();
  EXPECT_EQ(Plan::create(keeping_spec(), {.executor = "open"}).backward_executor_name(), "open");
  EXPECT_NE(Plan::create(keeping_spec()).reserve_bytes(), kOwnBytes);
}

TEST(OwnReserve, OthersDeclineAndNameBothExecutors) {
  const auto refused = [](const std::string& forward, const std::string& backward, const std::string& reason) {
    test::expect_words(
        [&] { (void)Plan::create(keeping_spec(), {.executor = forward, .backward_executor = backward}); },
        {"no executor computes the gradients", forward + " runs it", backward + " declined: " + reason});
  };
  refused("sealed", "open", "the reserves of sealed have a layout of their own, and open has another");
  refused("open", "sealed", "the reserves of sealed have a layout of their own, and open has another");
  refused("sealed", "also_sealed", "the reserves of sealed have a layout of their own, and also_sealed has another");
}

TEST(OwnReserve, WithoutGradientsThereIsNone) {
  RecurrenceSpec spec = keeping_spec();
  spec.keep = Keep::nothing;
  EXPECT_EQ(Plan::create(spec, {.executor = "sealed"}).reserve_bytes(), 0U);
}

class OwnReserveSession : public ::testing::Test {
 protected:
  OwnReserveSession() : session_(Plan::create(keeping_spec(), {.executor = "sealed"}), weights()) {
    run_.x = Tensor::zeros({3, 2, 5}, DType::f32);
    run_.reserve = Tensor::zeros({kOwnBytes}, DType::u8);
  }

  Session session_;
  SessionTensors run_;
};

TEST_F(OwnReserveSession, IsAsLongAsTheExecutorSays) {
  session_.run(run_);
  session_.backward(run_, {});
  EXPECT_EQ(ReadingRunner::mark(), kMark);
  run_.reserve = Tensor::zeros({kOwnBytes - 1}, DType::u8);
  test::expect_words([&] { session_.run(run_); }, {"reserve", "at least 1000 bytes"});
}

TEST_F(OwnReserveSession, HasNoFurtherGradientsOnceItIsConsumed) {
  session_.run(run_);
  session_.backward(run_, {});
  EXPECT_EQ(ReadingRunner::use(), ReserveUse::keep);
  session_.backward(run_, {.reserve_use = ReserveUse::consume});
  EXPECT_EQ(ReadingRunner::use(), ReserveUse::consume);
  test::expect_words([&] { session_.backward(run_, {}); }, {"reserve", "whose run was consumed"});
  session_.run(run_);
  session_.backward(run_, {});
}

TEST(OwnReserve, NetworksAndLayersRefuseIt) {
  const NetworkSpec network{.layers = {{.forward = keeping_spec()}}};
  test::expect_words([&] { (void)NetworkPlan::create(network, NetworkOptions{.executor = "sealed"}); },
                     {"executor", "sealed, whose reserves have a layout of their own", "the common layout"});
  SimpleRNN layer({.units = 4}, weights());
  const CallOptions options{.gradients = true, .plan = {.executor = "sealed"}};
  test::expect_words(
      [&] {
        (void)layer(Tensor::zeros({2, 3, 5}, DType::f32), options);
      },
      {"executor", "sealed, whose reserves have a layout of their own"});
}

}  // namespace

// Instead of the library's.
ExecutorList executor_list(DeviceType) {
  static const Keeping open("open", KeptLayout::common);
  static const Keeping sealed("sealed", KeptLayout::own);
  static const Keeping also_sealed("also_sealed", KeptLayout::own);
  static const std::array<const Executor*, 1> automatic{&open};
  static const std::array<const Executor*, 2> by_name{&sealed, &also_sealed};
  return {.automatic = automatic, .by_name = by_name};
}

}  // namespace rondo
