// A build without NDEBUG finds weights that were changed without a call of reload_weights. This program has the files
// that look for it compiled that way.

#include <gtest/gtest.h>

#include "rondo/plan/plan.h"
#include "support/expect_error.h"

namespace rondo::test {
namespace {

TEST(ChangedWeights, AreFoundAtTheNextRun) {
  const RecurrentWeights weights{.kernel = Tensor::full({2, 3}, 0.1, DType::f32),
                                 .recurrent_kernel = Tensor::full({3, 3}, 0.1, DType::f32),
                                 .bias = Tensor::zeros({3}, DType::f32)};
  Session session(Plan::create({.cell = {.kind = CellKind::simple_rnn, .units = 3}, .T = 2, .B = 1, .I = 2}), weights);
  const SessionTensors tensors{.x = Tensor::full({2, 1, 2}, 1.0, DType::f32),
                               .y = Tensor::empty({2, 1, 3}, DType::f32)};
  session.run(tensors);
  weights.bias->fill(1.0);
  expect_error<RuntimeError>(
      [&] { session.run(tensors); },
      "weights: got elements that have changed since they were packed, expected a call of reload");
  session.reload_weights();
  EXPECT_NO_THROW(session.run(tensors));
}

}  // namespace
}  // namespace rondo::test
