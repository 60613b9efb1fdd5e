// The outcomes of first_light for a kernel that is right, is wrong, stalls, or does not exist.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <regex>

#include "cuda/persistent/planner/persistent_plan.h"
#include "cuda/runtime/runtime.h"
#include "cuda/stepwise/stepwise_executor.h"
#include "device/first_light/cases.h"
#include "device/first_light/light.h"
#include "device/simt/device/launch_limits.h"
#include "support/decided.h"
#include "support/device_under_test.h"
#include "support/executors.h"
#include "support/expect_error.h"

namespace rondo::test {
namespace {

DeviceProperties device() { return properties_of(device_under_test()); }

constexpr LightOptions kFewRuns{.runs = 2};

enum class Fault { none, one_number, later_runs, stall, later_stall };

constexpr StallRecord kStall{.kind = WaitKind::cluster, .block = 3, .warp = 2, .step = 7, .exchange = 8, .tile = 1};

/// The words of RecurrenceBuffers::flags after a stall.
std::vector<std::int32_t> stalled_words() {
  std::vector<std::uint32_t> words(kFlagWords);
  words[0] = kStalled;
  *stall_record(words.data()) = kStall;
  return {words.begin(), words.end()};
}

/// cuda_stepwise with a fault in its outputs.
class Faulty final : public Executor {
 public:
  explicit Faulty(Fault fault) : fault_(fault) {}

  std::string_view name() const override { return "faulty"; }
  Answer decide(const RecurrenceSpec& spec, const DeviceProperties& properties) const override {
    const auto decision = decided(stepwise_executor(), spec, properties);
    return make_decision(
        {.workspace_bytes = decision->workspace_bytes()},
        [fault = fault_](const RunnerRequest& request) { return std::make_unique<FaultyRunner>(request, fault); });
  }

 private:
  class FaultyRunner final : public Runner {
   public:
    FaultyRunner(const RunnerRequest& request, Fault fault)
        : request_(request),
          fault_(fault),
          runner_(runner_of(stepwise_executor(), request)),
          stalled_(Tensor::from(stalled_words(), {kFlagWords}, request.spec.device)),
          number_(Tensor::full({1}, 0.1, request.spec.dtype, request.spec.device)) {}

    void run(const RecurrenceBuffers& buffers, void* workspace) override {
      runner_->run(buffers, workspace);
      ++runs_;
      if (fault_ == Fault::one_number || (fault_ == Fault::later_runs && runs_ > 1)) {
        cuda_runtime::copy(buffers.final_state[0].data, number_.data(), size_of(request_.spec.dtype), request_.stream);
      }
      if ((fault_ == Fault::stall && runs_ == 1) || (fault_ == Fault::later_stall && runs_ == 2)) {
        cuda_runtime::copy(buffers.flags, stalled_.data(), kFlagWords * sizeof(kStalled), request_.stream);
      }
    }

   private:
    const RunnerRequest request_;
    const Fault fault_;
    const std::unique_ptr<Runner> runner_;
    const Tensor stalled_;
    const Tensor number_;
    int runs_ = 0;
  };

  const Fault fault_;
};

Light light_of(Fault fault, const LightOptions& options = kFewRuns) {
  const FirstLightCase some = find_first_light_case(first_light_cases(device()), "block one");
  const Faulty executor(fault);
  return light(recurrence_of(some), executor, options);
}

TEST(FirstLight, SaysWhetherNumbersAreRight) {
  const Light right = light_of(Fault::none);
  EXPECT_EQ(right.outcome, Outcome::right) << right.explanation;
  EXPECT_LT(right.error, right.tolerance);
  EXPECT_GT(right.us_per_run, 0);
  const Light wrong = light_of(Fault::one_number);
  EXPECT_EQ(wrong.outcome, Outcome::wrong);
  EXPECT_GT(wrong.error, wrong.tolerance);
  EXPECT_NE(wrong.explanation.find("final_state[0]"), std::string::npos) << wrong.explanation;
}

TEST(FirstLight, LaterRunsMustGiveTheBitsOfTheFirst) {
  const Light result = light_of(Fault::later_runs);
  EXPECT_EQ(result.outcome, Outcome::wrong);
  EXPECT_NE(result.explanation.find("further run"), std::string::npos) << result.explanation;
}

TEST(FirstLight, AStallIsNotTakenForTheRunThatIsDoneAgain) {
  const Light result = light_of(Fault::stall);
  EXPECT_EQ(result.outcome, Outcome::stalled);
  EXPECT_EQ(result.explanation, "in the first run: " + to_string(kStall));
  EXPECT_EQ(result.stall, kStall);
}

TEST(FirstLight, ALaterStallEndsTheRuns) {
  const Light result = light_of(Fault::later_stall, {.runs = 1000000});
  EXPECT_EQ(result.outcome, Outcome::stalled);
  EXPECT_EQ(result.explanation, "in runs 2 to 4: " + to_string(kStall));
}

/// Whether a case stands for a candidate, by the regular expression that the case has.
bool stands_for(const FirstLightCase& some, const std::string& candidate) {
  return !some.candidates.empty() && std::regex_search(candidate, std::regex("^(?:" + some.candidates + ")"));
}

TEST(FirstLight, EveryCaseHasItsCandidate) {
  for (const DeviceProperties& properties : {device(), known_gpu("h200"), known_gpu("h100_pcie")}) {
    const std::vector<FirstLightCase> cases = first_light_cases(properties);
    for (const FirstLightCase& some : cases) {
      SCOPED_TRACE(some.full_name() + " on " + properties.name);
      const auto executor = candidate_of(some, properties);
      ASSERT_NE(executor, nullptr);
      const std::string candidate(executor->name());
      EXPECT_EQ(candidate.rfind(name_of(some.kind) + "_", 0), 0U) << candidate;
      EXPECT_TRUE(some.candidates.empty() || stands_for(some, candidate)) << candidate;
      for (const FirstLightCase& other : cases) {
        EXPECT_FALSE(other.kind != some.kind && stands_for(other, candidate)) << candidate << ", " << other.full_name();
      }
    }
  }
}

TEST(FirstLight, TwoStreamsDoNotFitAtOnce) {
  const DeviceProperties h200 = known_gpu("h200");  // 132 multiprocessors
  const FirstLightCase streams = find_first_light_case(first_light_cases(h200), "grid two_streams");
  EXPECT_FALSE(streams.wanted({.kind = PersistentKind::grid, .blocks = 66}));
  EXPECT_TRUE(streams.wanted({.kind = PersistentKind::grid, .blocks = 67}));
  EXPECT_EQ(streams.sessions, 2);
  EXPECT_NE(candidate_of(streams, h200), nullptr);
}

TEST(FirstLight, WaysOfAGridAreWhatTheirNamesSay) {
  const auto matches = [](const std::string& name, const std::string& candidate) {
    const std::string candidates = find_first_light_case(first_light_cases(device()), "grid " + name).candidates;
    return std::regex_search(candidate, std::regex("^(?:" + candidates + ")"));
  };
  EXPECT_TRUE(matches("packets", "grid_66x1_8rows_8units_8k"));
  EXPECT_TRUE(matches("packets", "grid_66x2_1rows_2x8units_4k_fused"));
  EXPECT_FALSE(matches("packets", "grid_66x1_8rows_8units_8k_2rowtiles"));
  EXPECT_FALSE(matches("packets", "grid_66x1_16rows_8units_8k"));
  EXPECT_FALSE(matches("packets", "grid_66x1_8rows_8units_8k_fused_alone"));
  EXPECT_TRUE(matches("few_sentinels", "grid_66x1_8rows_8units_8k_fused_alone"));
  EXPECT_TRUE(matches("few_sentinels", "grid_66x1_8rows_8units_8k_alone_onefirst"));
  EXPECT_FALSE(matches("few_sentinels", "grid_66x1_8rows_8units_8k"));
  EXPECT_FALSE(matches("few_sentinels", "grid_66x1_16rows_8units_8k"));
  EXPECT_FALSE(matches("packets", "grid_22x1_8rows_24units_8k"));
  EXPECT_TRUE(matches("threes", "grid_22x1_8rows_24units_8k"));
  EXPECT_TRUE(matches("threes", "grid_11x1_8rows_2x24units_4k_onefirst"));
  EXPECT_FALSE(matches("threes", "grid_22x1_16rows_24units_8k"));
  EXPECT_FALSE(matches("threes", "grid_66x1_8rows_8units_8k"));
  EXPECT_TRUE(matches("one_first", "grid_66x1_8rows_8units_8k_fused_onefirst"));
  EXPECT_TRUE(matches("streamed_once", "grid_66x1_32rows_16units_8k_2streamed_once"));
  EXPECT_FALSE(matches("streamed_once", "grid_66x1_32rows_16units_8k_2streamed"));
  EXPECT_TRUE(matches("sentinels", "grid_66x1_9rows_8units_8k"));
  EXPECT_TRUE(matches("sentinels", "grid_66x1_16rows_8units_8k"));
  EXPECT_TRUE(matches("sentinels", "grid_66x1_8rows_8units_8k_2rowtiles"));
  EXPECT_FALSE(matches("sentinels", "grid_66x10_8rows_8units_8k"));
  EXPECT_TRUE(matches("streamed", "grid_66x1_8rows_8units_8k_fused_2streamed"));
  EXPECT_FALSE(matches("streamed", "grid_66x1_8rows_8units_8k_fused"));
  EXPECT_TRUE(matches("fused", "grid_66x1_8rows_8units_8k_fused_2streamed"));
  EXPECT_FALSE(matches("fused", "grid_66x1_8rows_8units_8k_2streamed"));
}

TEST(FirstLight, WhatADeviceHasNoRoomForIsNoCandidate) {
  DeviceProperties without_clusters = device();
  without_clusters.clusters = {};
  const auto cases = first_light_cases(without_clusters);
  EXPECT_EQ(candidate_of(find_first_light_case(cases, "cluster 2"), without_clusters), nullptr);
  EXPECT_NE(candidate_of(find_first_light_case(cases, "block one"), without_clusters), nullptr);
}

TEST(FirstLight, WhatOnlyTheDeviceCanRefuseIsDeclined) {
  const simt::LargestCluster largest(4);
  const FirstLightCase refused = find_first_light_case(first_light_cases(device()), "cluster 8");
  const Light result = light(recurrence_of(refused), *candidate_of(refused, device()), kFewRuns);
  EXPECT_EQ(result.outcome, Outcome::declined) << result.explanation;
  EXPECT_NE(result.explanation.find("cluster"), std::string::npos) << result.explanation;
}

TEST(FirstLight, AnUnknownCaseIsToldTheNames) {
  expect_words<ValueError>([] { find_first_light_case(first_light_cases(device()), "grid 7"); },
                           {"'grid 7'", "cluster 16", "grid two_streams"});
}

TEST(FirstLight, FailedCandidatesAreLeftOutOfTests) {
  const RecurrenceSpec spec = find_first_light_case(first_light_cases(device()), "cluster 2").spec;
  const auto has = [&](const std::string& executor) {
    const std::vector<std::string> names = executors_for(spec);
    return std::ranges::find(names, executor) != names.end();
  };
  EXPECT_TRUE(has("cuda_cluster"));
  ::setenv("RONDO_TEST_WITHOUT", "cuda_persistent cuda_cluster", 1);
  EXPECT_FALSE(has("cuda_cluster"));
  EXPECT_FALSE(has("cuda_persistent"));
  EXPECT_TRUE(has("cuda_block"));
  ::unsetenv("RONDO_TEST_WITHOUT");
}

/// Two sessions that run at once each write their own numbers.
TEST(FirstLight, TwoStreams) {
  const FirstLightCase streams = find_first_light_case(first_light_cases(device()), "grid two_streams");
  const auto executor = candidate_of(streams, device());
  const Light result = light(recurrence_of(streams), *executor, {.sessions = streams.sessions, .runs = 3});
  EXPECT_EQ(result.outcome, Outcome::right) << result.explanation;
}

}  // namespace
}  // namespace rondo::test
