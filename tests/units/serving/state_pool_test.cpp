#include "rondo/serving/state_pool.h"

#include <gtest/gtest.h>

#include "random_stack.h"
#include "support/compare.h"
#include "support/expect_error.h"

namespace rondo::test {
namespace {

const LoadedNetwork& stack() {
  static const LoadedNetwork network = [] {
    Random random(1);
    return random_stack(random, {CellKind::lstm, CellKind::gru});
  }();
  return network;
}

Tensor outputs(std::int64_t rows) { return Tensor::zeros({rows, 9}, DType::f32); }

Tensor inputs(std::uint64_t seed, std::int64_t rows) {
  Random random(seed);
  return random.tensor({rows, 5}, 1.0);
}

TEST(StatePool, AStreamHasTheBitsOfASessionOfItsOwn) {
  StatePool pool(stack(), {.slots = 3, .max_rows = 2, .max_steps = 7});
  const Tensor x = inputs(2, 7);
  const Tensor expected = stream_alone(stack(), x);
  const Tensor whole = outputs(7);
  pool.run(std::vector<StreamChunk>{{.slot = pool.open(), .steps = 7}}, x, whole);
  EXPECT_TRUE(identical(whole, expected));

  const std::vector<std::int64_t> slots = {pool.open(), pool.open()};
  const Tensor others = inputs(3, 10);
  const Tensor y = outputs(5);
  for (const std::int64_t t : {0, 3, 6}) {
    const std::int64_t steps = std::min<std::int64_t>(3, 7 - t);
    const Tensor both = Tensor::empty({steps + 2, 5}, DType::f32);
    both.slice(0, 0, 2).copy_from(others.slice(0, t, t + 2));
    both.slice(0, 2, steps + 2).copy_from(x.slice(0, t, t + steps));
    const Tensor y_both = outputs(steps + 2);
    pool.run(std::vector<StreamChunk>{{.slot = slots[0], .steps = 2}, {.slot = slots[1], .steps = steps}}, both,
             y_both);
    EXPECT_TRUE(identical(y_both.slice(0, 2, steps + 2), expected.slice(0, t, t + steps)));
  }
}

}  // namespace
}  // namespace rondo::test
