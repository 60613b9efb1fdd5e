// Which instruction set is dispatched, with and without a cap. Each test chooses in a child of its own, because a
// process chooses once.

#include "cpu/fused/target.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>

#include "cpu/fused/processor_features.h"
#include "rondo/plan/plan.h"
#include "rondo/vocabulary/error.h"
#include "support/child.h"

namespace rondo::fused {
namespace {

RecurrenceSpec small_lstm() { return {.cell = {.units = 4}, .T = 3, .B = 2, .I = 5}; }

/// The value of the variable that allows no more than the instruction set.
std::string cap_of(const KernelTable& table) {
  const std::string target = table.target;
  if (target == "AMX") return "amx";
  if (target == "AVX3") return "avx512";
  if (target == "AVX2") return "avx2";
  if (target == "SSE4") return "sse4";
  return target == "NEON" ? "neon" : "scalar";
}

/// What a plan's explanation says in a child where the variable has this value.
testing::AssertionResult explains(const std::string& cap, const std::string& words) {
  return test::holds_in_child([&] {
    setenv(kTargetVariable, cap.c_str(), 1);
    const std::string text = Plan::create(small_lstm()).explain();
    if (text.find(words) != std::string::npos) return true;
    std::fprintf(stderr, "'%s' is not in: %s\n", words.c_str(), text.c_str());
    return false;
  });
}

TEST(CpuTarget, TheBestOneRunsWithoutACap) {
  EXPECT_TRUE(test::holds_in_child([] {
    unsetenv(kTargetVariable);
    return &best_kernels() == all_kernels().front() && cap_in_words().empty();
  }));
  EXPECT_TRUE(explains("", "\n    " + target_in_words(*all_kernels().front()) + ", " +
                               std::to_string(all_kernels().front()->lanes) + " lanes\n    the processor has " +
                               processor_features() + "\n    threads: "));
}

TEST(CpuTarget, EveryCapDispatchesItsInstructionSet) {
  for (const KernelTable* table : all_kernels()) {
    const std::string cap = cap_of(*table);
    SCOPED_TRACE(cap);
    EXPECT_EQ(&best_within(all_kernels(), cap.c_str()), table);
    EXPECT_TRUE(test::holds_in_child([&] {
      setenv(kTargetVariable, cap.c_str(), 1);
      return &best_kernels() == table;
    }));
    EXPECT_TRUE(explains(
        cap, target_in_words(*table) + ", " + std::to_string(table->lanes) + " lanes; RONDO_CPU_TARGET is " + cap));
  }
}

TEST(CpuTarget, ACapAboveTheMachineIsNoCap) {
  const std::vector<const KernelTable*> all = all_kernels();
  const std::vector<const KernelTable*> less(all.begin() + (all.size() > 1 ? 1 : 0), all.end());
  EXPECT_EQ(&best_within(less, cap_of(*all.front()).c_str()), less.front());
}

/// Whether making a plan refuses a value of the variable in these words.
testing::AssertionResult refuses(const std::string& cap, const std::string& words) {
  return test::holds_in_child([&] {
    setenv(kTargetVariable, cap.c_str(), 1);
    for (int time = 0; time < 2; ++time) {  // the second plan is refused as well
      try {
        (void)Plan::create(small_lstm());
        return false;
      } catch (const ValueError& error) {
        if (std::string(error.what()).find(words) == std::string::npos) throw;
      }
    }
    return true;
  });
}

TEST(CpuTarget, OtherValuesAreRefusedBeforeAnythingRuns) {
  const std::string machine = "; this processor runs " + target_in_words(*all_kernels().front());
  const std::string last = cap_of(*all_kernels().back()) + machine;  // the list ends with the plainest one
  for (const char* cap : {"avx9", "AVX512", "avx512,avx2", " "}) {
    EXPECT_TRUE(refuses(cap, std::string("RONDO_CPU_TARGET: got '") + cap + "', expected one of "));
    EXPECT_TRUE(refuses(cap, last));
  }
}

TEST(CpuTarget, ACapBelowAllTablesIsRefused) {
  KernelTable best = *all_kernels().front();
  if (cap_of(best) == "scalar") best.target = "SSE4";  // of a processor that has vectors
  EXPECT_THROW((void)best_within({&best}, "scalar"), ValueError);
}

TEST(CpuTarget, FeaturesHaveThoseOfTheInstructionSet) {
  const std::string features = " " + processor_features() + " ";
  const auto expect = [&](const char* target, const char* feature) {
    bool runs = false;
    for (const KernelTable* table : all_kernels()) runs = runs || std::string(table->target) == target;
    const bool has = features.find(std::string(" ") + feature + " ") != std::string::npos;
    EXPECT_TRUE(has || !runs) << feature << features;
  };
  expect("AVX3", "avx512f");
  expect("AVX2", "avx2");
  expect("AVX2", "fma");
  expect("SSE4", "sse4_2");
  expect("NEON", "asimd");
}

}  // namespace
}  // namespace rondo::fused
