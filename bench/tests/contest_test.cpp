// A contest tells executors that are right, wrong or stall apart. This program replaces the list of executors.

#include "program/contest.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>

#include "cpu/executors/reference_executor.h"
#include "cuda/runtime/runtime.h"
#include "cuda/stepwise/stepwise_executor.h"
#include "plan/executor_list.h"
#include "support/decided.h"

namespace rondo {
namespace {

enum class Fault : std::uint8_t { none, wrong_order, stalls_at_once, stalls_later };

/// A sound executor with a fault added.
class Faulty final : public Executor {
 public:
  Faulty(std::string_view name, Fault fault, const Executor& sound) : name_(name), fault_(fault), sound_(sound) {}

  std::string_view name() const override { return name_; }
  Answer decide(const RecurrenceSpec& spec, const DeviceProperties& properties) const override {
    const auto sound = test::decided(sound_, spec, properties);
    return make_decision(
        {.workspace_bytes = sound->workspace_bytes()}, [fault = fault_, sound](const RunnerRequest& request) {
          return std::make_unique<FaultyRunner>(fault, request.stream, sound->make_runner(request).runner);
        });
  }

 private:
  class FaultyRunner final : public Runner {
   public:
    FaultyRunner(Fault fault, Stream stream, std::unique_ptr<Runner> sound)
        : fault_(fault), stream_(stream), sound_(std::move(sound)) {}

    void run(const RecurrenceBuffers& buffers, void* workspace) override {
      RecurrenceBuffers changed = buffers;
      if (fault_ == Fault::wrong_order) changed.schedule.rules.read = ReadOrder::reversed;
      if (fault_ != Fault::stalls_at_once) sound_->run(changed, workspace);  // which would leave nothing of its own
      ++runs_;
      const bool stalls = fault_ == Fault::stalls_at_once || (fault_ == Fault::stalls_later && runs_ > 3);
      if (stalls) cuda_runtime::copy(buffers.flags, &kStalled, sizeof kStalled, stream_);
    }

   private:
    const Fault fault_;
    const Stream stream_;
    const std::unique_ptr<Runner> sound_;
    int runs_ = 0;
  };

  const std::string_view name_;
  const Fault fault_;
  const Executor& sound_;
};

/// Executors with these faults; the wrong one is first, so that a plan takes it.
template <Fault... kFaults>
std::array<const Executor*, sizeof...(kFaults) + 1> faulty_list(const Executor& sound) {
  static const std::array<Faulty, sizeof...(kFaults)> faulty{Faulty(
      std::array{"right", "wrong", "stalls", "stalls_later"}[static_cast<std::size_t>(kFaults)], kFaults, sound)...};
  std::array<const Executor*, sizeof...(kFaults) + 1> list{};
  std::ranges::transform(faulty, list.begin(), [](const Faulty& each) { return &each; });
  list.back() = &sound;
  return list;
}

}  // namespace

// Instead of the library's.
ExecutorList executor_list(DeviceType type) {
  static const auto of_cpu =
      faulty_list<Fault::wrong_order, Fault::none, Fault::stalls_at_once, Fault::stalls_later>(reference_executor());
  static const auto of_cuda =
      faulty_list<Fault::wrong_order, Fault::none, Fault::stalls_later, Fault::stalls_at_once>(stepwise_executor());
  if (type == DeviceType::cpu) return {.automatic = of_cpu};
  return {.automatic = of_cuda};
}

namespace bench {
namespace {

class ContestTest : public ::testing::TestWithParam<Device> {
 protected:
  ContestResult contest(const std::string& executors = {}) const {
    const Point point{.set = "test", .cell = {.kind = CellKind::lstm, .units = 8}, .B = 2, .T = 5, .I = 3};
    return run_contest(point, properties_of(GetParam()), {.rounds = 2, .round_ms = 0.001, .executors = executors});
  }
  std::string trusted() const { return GetParam() == cpu() ? "reference" : "cuda_stepwise"; }
  std::size_t ways() const { return GetParam() == cpu() ? 1 : 2; }  // eager and replayed
};

std::size_t measured(const ContestResult& result, const std::string& executor) {
  return static_cast<std::size_t>(std::ranges::count(result.measurements, executor, &Measurement::executor));
}

std::vector<std::string> messages(const ContestResult& result, const std::string& executor) {
  std::vector<std::string> found;
  for (const Failure& failure : result.failures) {
    if (failure.executor == executor) found.push_back(failure.message);
  }
  return found;
}

TEST_P(ContestTest, AWrongExecutorIsLeftOutAndTheOthersAreMeasured) {
  const ContestResult result = contest();
  EXPECT_EQ(measured(result, "wrong"), 0U);
  EXPECT_EQ(measured(result, "right"), ways());
  EXPECT_EQ(measured(result, trusted()), ways());
  const std::vector<std::string> wrong = messages(result, "wrong");
  ASSERT_EQ(wrong.size(), ways());
  EXPECT_NE(wrong[0].find(" away from that of " + trusted()), std::string::npos) << wrong[0];
  EXPECT_GT(std::stod(wrong[0].substr(wrong[0].find("is ") + 3)), 0.05) << wrong[0];
  for (const Measurement& measurement : result.measurements) EXPECT_LT(measurement.difference, 1e-6);
}

TEST_P(ContestTest, ATrustedCandidateNeedNotBeMeasured) {
  const ContestResult result = contest("^(wrong|right)$");
  EXPECT_EQ(measured(result, trusted()), 0U);
  EXPECT_EQ(measured(result, "right"), ways());
  EXPECT_EQ(messages(result, "wrong").size(), ways());
  EXPECT_EQ(result.failures.size(), ways());
}

TEST_P(ContestTest, AStalledExecutorIsLeftOut) {
  const ContestResult result = contest();
  for (const char* executor : {"stalls", "stalls_later"}) {
    EXPECT_EQ(measured(result, executor), 0U) << executor;
    const std::vector<std::string> why = messages(result, executor);
    ASSERT_EQ(why.size(), ways()) << executor;
    EXPECT_EQ(why[0].find("a run stalled: "), 0U) << why[0];
    EXPECT_NE(why[0].find("waited in vain"), std::string::npos) << why[0];
  }
}

INSTANTIATE_TEST_SUITE_P(Devices, ContestTest, ::testing::Values(cpu(), cuda(0)),
                         [](const auto& instance) { return std::string(instance.param == cpu() ? "cpu" : "cuda"); });

}  // namespace
}  // namespace bench
}  // namespace rondo
