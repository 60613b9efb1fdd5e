// What a Session promises, whatever executor runs it.

#include <gtest/gtest.h>

#include <set>

#include "support/compare.h"
#include "support/conformance.h"
#include "support/counting_allocator.h"
#include "units/plan/masked_lstm.h"

namespace rondo::test {
namespace {

/// A masked LSTM as a case of the conformance tests runs it.
class AskedLstm : public MaskedLstm {
 public:
  explicit AskedLstm(const ConformanceCase& which) : MaskedLstm(which.dtype, which.device), executor_(which.executor) {
    spec = asked_spec(which, spec);
  }

  void run() const { MaskedLstm::run(executor_); }

 private:
  std::string executor_;
};

/// Bit for bit equal, wherever the tensors are.
::testing::AssertionResult same_bits(const Tensor& actual, const Tensor& expected) {
  return identical(actual.to(cpu()), expected.to(cpu()));
}

TEST_P(Conformance, StatesMayBeUpdatedInPlace) {
  const AskedLstm apart(GetParam());
  apart.run();
  AskedLstm in_place(GetParam());
  in_place.tensors.final_state = in_place.tensors.initial_state;
  in_place.run();
  for (std::size_t k = 0; k < 2; ++k) {
    EXPECT_TRUE(same_bits(in_place.tensors.initial_state[k], apart.tensors.final_state[k])) << "state " << k;
  }
}

TEST_P(Conformance, ResultsThatAreNotWantedMayBeAbsent) {
  const AskedLstm all(GetParam());
  all.run();
  AskedLstm last_only(GetParam());
  last_only.tensors.y.reset();
  last_only.tensors.final_state.clear();
  last_only.run();
  EXPECT_TRUE(same_bits(*last_only.tensors.last_output, *all.tensors.last_output));
}

TEST_P(Conformance, RunsAgainWithoutAllocating) {
  const CountedScope scope;
  const AskedLstm lstm(GetParam());
  Session session(plan(lstm.spec), lstm.weights);
  session.run(lstm.tensors);
  const Tensor first = lstm.tensors.y->clone();
  lstm.tensors.y->fill(-1);
  const int before = scope.counts().allocations();
  session.run(lstm.tensors);
  EXPECT_EQ(scope.counts().allocations(), before);
  EXPECT_TRUE(same_bits(*lstm.tensors.y, first));
}

RONDO_INSTANTIATE_CONFORMANCE();

TEST(ConformanceCases, NameEveryExecutorOfTheCpu) {
  std::set<std::string> named;
  for (const ConformanceCase& which : conformance_cases()) named.insert(which.executor);
  const std::vector<std::string> names = executor_names(cpu());
  EXPECT_EQ(named, std::set<std::string>(names.begin(), names.end()))
      << "a new executor needs a row in tests/support/conformance.h";
}

}  // namespace
}  // namespace rondo::test
