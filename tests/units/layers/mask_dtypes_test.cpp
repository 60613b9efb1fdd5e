// Masks of layers may have any dtype. A Session's mask is boolean (Session.NamesTheTensorThatDoesNotFit).

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>

#include "rondo/keras/bidirectional.h"
#include "rondo/keras/conv_lstm.h"
#include "support/compare.h"
#include "support/expect_error.h"
#include "support/hidden_cell.h"
#include "support/random.h"

namespace rondo::test {
namespace {

constexpr std::int64_t T = 5;

std::shared_ptr<Cell> lstm_cell(std::int64_t I, std::int64_t H) {
  Random random(11);
  return std::make_shared<LSTMCell>(
      LSTMCellOptions{.units = H},
      RecurrentWeights{random.tensor({I, 4 * H}, 1.0), random.tensor({H, 4 * H}, 0.5), random.tensor({4 * H}, 0.5)});
}

/// Only zero is false: NaN, a fraction below 1 and a number whose lowest byte is zero are true.
template <typename Element>
std::vector<Element> numbers() {
  if constexpr (std::is_floating_point_v<Element>) {
    return {Element(0.25), Element(0), std::numeric_limits<Element>::quiet_NaN(), -Element(0), Element(-3)};
  } else {
    return {256, 0, std::numeric_limits<Element>::min(), 0, -1};
  }
}

/// A mask in which one row is dead, so that rows differ.
Tensor mask_of(const Tensor& row) {
  const Tensor mask = Tensor::zeros({2, T}, row.dtype());
  mask.select(0, 1).copy_from(row);
  return mask;
}

std::vector<Tensor> masks() {
  const Tensor numbers_of_f64 = Tensor::from<double>(numbers<double>(), {T});
  return {mask_of(Tensor::from<float>(numbers<float>(), {T})),
          mask_of(numbers_of_f64),
          mask_of(numbers_of_f64.to(DType::f16)),
          mask_of(numbers_of_f64.to(DType::bf16)),
          mask_of(Tensor::from<std::int32_t>(numbers<std::int32_t>(), {T})),
          mask_of(Tensor::from<std::int64_t>(numbers<std::int64_t>(), {T}))};
}

/// A layer that reads a mask. All layers must give equal results for equal masks.
using Layer = std::function<LayerResult(const Tensor& x, const CallOptions& call)>;

std::vector<std::pair<const char*, Layer>> layers() {
  const RNNOptions options{.return_sequences = true, .return_state = true};
  RNNOptions backwards = options;
  backwards.go_backwards = true;
  const auto hidden = std::make_shared<Hidden>(lstm_cell(3, 4));
  const auto of = [](auto layer) {
    return [layer](const Tensor& x, const CallOptions& call) mutable { return layer(x, call); };
  };
  return {{"one cell", of(RNN(lstm_cell(3, 4), options))},
          {"a stack", of(RNN({lstm_cell(3, 4), lstm_cell(4, 2)}, options))},
          {"a custom cell", of(RNN(hidden, options))},
          {"both directions as one network",
           of(Bidirectional(RNN(lstm_cell(3, 4), options), RNN(lstm_cell(3, 4), backwards)))},
          {"both directions apart", of(Bidirectional(RNN(hidden, options), RNN(hidden, backwards)))}};
}

TEST(MaskDTypes, ALayerTakesAnyAndZeroAloneIsFalse) {
  const Tensor expected_mask = mask_of(Tensor::from<bool>({true, false, true, false, true}, {T}));
  Random random(12);
  const Tensor x = random.tensor({2, T, 3}, 1.0);
  for (const auto& [what, layer] : layers()) {
    const LayerResult expected = layer(x, {.mask = expected_mask});
    for (const Tensor& mask : masks()) {
      SCOPED_TRACE(std::string(what) + ", " + to_string(mask.dtype()));
      for (const Tensor& given : {mask, mask.insert_axis(2)}) {
        const LayerResult actual = layer(x, {.mask = given});
        EXPECT_TRUE(identical(actual.output.leaf(), expected.output.leaf()));
        EXPECT_TRUE(identical(Nest::tuple(actual.states).flatten()[0], Nest::tuple(expected.states).flatten()[0]));
      }
    }
  }
}

}  // namespace
}  // namespace rondo::test
