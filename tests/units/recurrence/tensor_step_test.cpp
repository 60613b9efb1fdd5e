// Formulas over tensors: the operators that they need, and every formula against itself over numbers.
#include "recurrence/tensor_step.h"

#include <gtest/gtest.h>

#include "recurrence/dispatch_cell.h"
#include "support/compare.h"
#include "support/random.h"

namespace rondo::test {
namespace {

constexpr std::int64_t B = 3;
constexpr std::int64_t H = 5;

TEST(TensorValue, ANumberMeetsTensorsAndNumbers) {
  const Tensor x = Tensor::from({0.25, -2.0}, {2});
  const TensorValue value = x;
  const TensorValue two = 2;
  EXPECT_TRUE(identical((value + two).tensor(), add(x, 2.0)));
  EXPECT_TRUE(identical((two + value).tensor(), add(x, 2.0)));
  EXPECT_TRUE(identical((value - two).tensor(), add(x, -2.0)));
  EXPECT_TRUE(identical((two - value).tensor(), add(neg(x), 2.0)));
  EXPECT_TRUE(identical((value * two).tensor(), mul(x, 2.0)));
  EXPECT_TRUE(identical((two * value).tensor(), mul(x, 2.0)));
  EXPECT_TRUE(identical((value + (two * two - two + two)).tensor(), add(x, 4.0)));
  EXPECT_TRUE(identical((value - value).tensor(), sub(x, x)));
  EXPECT_TRUE(identical((value * value).tensor(), mul(x, x)));
  EXPECT_TRUE(identical(activate(Activation::relu, value + value).tensor(), relu(add(x, x))));
}

TEST(TensorValue, AddingZeroIsNoOp) {
  const TensorValue value = Tensor::from({-0.0, 1.0}, {2});
  EXPECT_EQ((value + 0).tensor().data(), value.tensor().data());
  EXPECT_EQ((TensorValue() + value).tensor().data(), value.tensor().data());
}

/// Sums of all gates of a step that is drawn: [gate](B, H). `products` are what U makes of h, and of r * h.
struct Drawn {
  std::vector<Tensor> inputs;
  std::vector<Tensor> products;
  UnitStates<TensorValue> previous;
};

/// An element of what step_tensors makes, computed with numbers. The product of r * h is r * h + products.
template <typename Formula>
UnitStates<double> step_of_element(const Drawn& drawn, std::int64_t at, Activations activations) {
  const auto element = [&](const Tensor& tensor) { return tensor.data<double>()[at]; };
  double input[Formula::kGates] = {};
  double recurrent[Formula::kGates] = {};
  for (std::size_t gate = 0; gate < drawn.inputs.size(); ++gate) {
    input[gate] = element(drawn.inputs[gate]);
    recurrent[gate] = element(drawn.products[gate]);
  }
  const UnitStates<double> previous{element(drawn.previous.h.tensor()), element(drawn.previous.c.tensor())};
  if constexpr (kPhases<Formula> == 2) {
    recurrent[Formula::kGates - 1] += Formula::reset(input, recurrent, previous.h, activations);
  }
  return Formula::step(input, recurrent, previous, activations);
}

void expect_same(const CellSpec& cell) {
  SCOPED_TRACE(to_string(cell.kind));
  Random random(7);
  const auto draw = [&] { return random.tensor({B, H}, 1.5, DType::f64); };
  Drawn drawn{.inputs = {}, .products = {}, .previous = {draw(), draw()}};
  for (int gate = 0; gate < gate_count(cell.kind); ++gate) {
    drawn.inputs.push_back(draw());
    drawn.products.push_back(draw());
  }
  const auto multiply = [&](const Tensor& state, int first, int last) {
    std::vector<Tensor> products(drawn.products.begin() + first, drawn.products.begin() + last);
    if (first > 0) products.back() = add(products.back(), state);
    return products;
  };
  const TensorStep step{.inputs = drawn.inputs, .previous = drawn.previous, .reset_h = drawn.previous.h};
  const Activations activations{cell.activation, cell.recurrent_activation};
  dispatch_plain_cell(cell, [&]<typename Formula>(FormulaTag<Formula>) {
    const UnitStates<TensorValue> fresh = step_tensors<Formula>(step, activations, multiply);
    for (std::int64_t at = 0; at < B * H; ++at) {
      const UnitStates<double> expected = step_of_element<Formula>(drawn, at, activations);
      EXPECT_NEAR(fresh.h.tensor().data<double>()[at], expected.h, 1e-14);
      if constexpr (Formula::kStates == 2) {
        EXPECT_NEAR(fresh.c.tensor().data<double>()[at], expected.c, 1e-14);
      }
    }
  });
}

TEST(TensorStep, IsTheFormulaOfEachElement) {
  expect_same({.kind = CellKind::simple_rnn, .units = H});
  expect_same({.kind = CellKind::lstm, .units = H});
  expect_same({.kind = CellKind::gru, .units = H});
  expect_same({.kind = CellKind::gru, .units = H, .reset_after = false});
  expect_same({.kind = CellKind::mgu, .units = H});
}

}  // namespace
}  // namespace rondo::test
