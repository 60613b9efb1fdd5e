// SharedWeights and reload_weights: one packed copy for many sessions, packed again in place.

#include <gtest/gtest.h>

#include "rondo/plan/network.h"
#include "support/compare.h"
#include "support/counting_allocator.h"
#include "support/executors.h"
#include "support/expect_error.h"
#include "support/random.h"

namespace rondo::test {
namespace {

constexpr std::int64_t T = 4;
constexpr std::int64_t B = 3;
constexpr std::int64_t I = 5;
constexpr std::int64_t H = 6;

RecurrentWeights gru_weights(std::uint64_t seed) {
  Random random(seed);
  return {.kernel = random.tensor({I, 3 * H}, 0.3),
          .recurrent_kernel = random.tensor({H, 3 * H}, 0.3),
          .bias = random.tensor({2, 3 * H}, 0.3)};
}

RecurrenceSpec gru(std::int64_t steps = T) {
  return {.cell = {.kind = CellKind::gru, .units = H}, .T = steps, .B = B, .I = I};
}

Tensor run(Session& session, const Tensor& x) {
  const Tensor y = Tensor::empty({x.size(0), B, H}, DType::f32);
  session.run({.x = x, .y = y});
  return y;
}

Tensor expected(const RecurrentWeights& weights, const std::string& executor, const Tensor& x) {
  Session session(Plan::create(gru(x.size(0)), {.executor = executor}), weights);
  return run(session, x);
}

void overwrite(const RecurrentWeights& weights, const RecurrentWeights& source) {
  weights.kernel.copy_from(source.kernel);
  weights.recurrent_kernel.copy_from(source.recurrent_kernel);
  weights.bias->copy_from(*source.bias);
}

TEST(SharedWeights, SessionsOfOtherLengthsShareWhatIsPacked) {
  const CountedScope scope;
  const SharedWeights shared(gru_weights(1));
  std::vector<Session> sessions;
  sessions.emplace_back(Plan::create(gru(1)), shared);
  const int first = scope.counts().allocations();
  sessions.emplace_back(Plan::create(gru(1)), shared);
  const int second = scope.counts().allocations() - first;
  Session alone(Plan::create(gru(1)), gru_weights(1));
  const int without = scope.counts().allocations() - first - second;
  EXPECT_EQ(without - second, 1 + 3) << "the packed weights, and three new weights";
}

TEST(SharedWeights, AreReloadedForAllSessions) {
  for (const std::string& executor : executor_names()) {
    const RecurrentWeights weights = gru_weights(1);
    SharedWeights shared(weights);
    Session one(Plan::create(gru(), {.executor = executor}), shared);
    Session other(Plan::create(gru(1), {.executor = executor}), shared);
    const Tensor x = Random(5).tensor({T, B, I}, 1.0);
    EXPECT_TRUE(identical(run(one, x), expected(weights, executor, x))) << executor;
    overwrite(weights, gru_weights(2));
    {
      const CountedScope scope;
      shared.reload();
      EXPECT_EQ(scope.counts().allocations(), 0) << executor;
    }
    EXPECT_TRUE(identical(run(one, x), expected(gru_weights(2), executor, x))) << executor;
    const Tensor frame = x.slice(0, 0, 1);
    EXPECT_TRUE(identical(run(other, frame), expected(gru_weights(2), executor, frame))) << executor;
  }
}

TEST(SharedWeights, WithGapsAreCopiedAgain) {
  RecurrentWeights weights = gru_weights(1);
  const Tensor wide = Tensor::zeros({I, 6 * H}, DType::f32);
  wide.slice(1, 0, 6 * H, 2).copy_from(weights.kernel);
  weights.kernel = wide.slice(1, 0, 6 * H, 2);
  Session session(Plan::create(gru()), weights);
  const Tensor x = Random(5).tensor({T, B, I}, 1.0);
  EXPECT_TRUE(identical(run(session, x), expected(gru_weights(1), {}, x)));
  overwrite(weights, gru_weights(2));
  session.reload_weights();
  EXPECT_TRUE(identical(run(session, x), expected(gru_weights(2), {}, x)));
}

TEST(SharedWeights, OfANetworkAreReloaded) {
  const RecurrentWeights weights = gru_weights(1);
  const NetworkSpec spec{{{.forward = gru()}}};
  NetworkSession session(NetworkPlan::create(spec), std::vector<NetworkWeights>{{weights}});
  const Tensor x = Random(5).tensor({T, B, I}, 1.0);
  const Tensor y = Tensor::empty({T, B, H}, DType::f32);
  session.run({.x = x, .y = y});
  overwrite(weights, gru_weights(2));
  session.reload_weights();
  session.run({.x = x, .y = y});
  EXPECT_TRUE(identical(y, expected(gru_weights(2), {}, x)));
}

TEST(SharedWeights, MustBeDefinedAndFit) {
  expect_words([] { (void)SharedWeights(RecurrentWeights{}); }, {"weight kernel", "undefined"});
  const SharedWeights shared(gru_weights(1));
  RecurrenceSpec spec = gru();
  spec.I = I + 1;
  expect_words([&] { Session(Plan::create(spec), shared); }, {"weight kernel"});
}

}  // namespace
}  // namespace rondo::test
