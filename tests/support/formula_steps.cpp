#include "support/formula_steps.h"

#include "rondo/ops/ops.h"

namespace rondo::test {
namespace {

Tensor with_bias(const Tensor& product, const std::optional<Tensor>& bias) {
  return bias ? add(product, *bias) : product;
}

// The complement 1 - x.
Tensor complement(const Tensor& x) { return add(neg(x), 1.0); }

StepResult simple_rnn_step(const CellSpec& cell, const RecurrentWeights& weights, const Tensor& x, const Tensor& h) {
  const Tensor sum = add(with_bias(dot(x, weights.kernel), weights.bias), dot(h, weights.recurrent_kernel));
  const Tensor output = activate(cell.activation, sum);
  return {output, {output}};
}

// sum + w c, where w is row `row` of the peepholes; without peepholes, sum.
Tensor peeped(const Tensor& sum, const RecurrentWeights& weights, int row, const Tensor& c) {
  return weights.peepholes ? add(sum, mul(weights.peepholes->select(0, row), c)) : sum;
}

Tensor clipped(const Tensor& x, const std::optional<double>& bound) { return bound ? clip(x, -*bound, *bound) : x; }

StepResult lstm_step(const CellSpec& cell, const RecurrentWeights& weights, const Tensor& x, const States& states) {
  const Tensor sum = add(with_bias(dot(x, weights.kernel), weights.bias), dot(states[0], weights.recurrent_kernel));
  const std::vector<Tensor> gates = split(sum, 4);
  const Tensor i = activate(cell.recurrent_activation, peeped(gates[0], weights, 0, states[1]));
  const Tensor f = activate(cell.recurrent_activation, peeped(gates[1], weights, 1, states[1]));
  const Tensor g = activate(cell.activation, gates[2]);
  const Tensor c = clipped(add(mul(f, states[1]), mul(i, g)), cell.cell_clip);
  const Tensor o = activate(cell.recurrent_activation, peeped(gates[3], weights, 2, c));
  Tensor h = mul(o, activate(cell.activation, c));
  if (weights.projection) h = clipped(dot(h, *weights.projection), cell.projection_clip);
  return {h, {h, c}};
}

StepResult gru_step(const CellSpec& cell, const RecurrentWeights& weights, const Tensor& x, const Tensor& h) {
  std::optional<Tensor> input_bias = weights.bias;
  std::optional<Tensor> recurrent_bias;
  if (weights.bias && cell.reset_after) {
    input_bias = weights.bias->select(0, 0);
    recurrent_bias = weights.bias->select(0, 1);
  }
  const std::vector<Tensor> a = split(with_bias(dot(x, weights.kernel), input_bias), 3);
  const std::vector<Tensor> b = split(with_bias(dot(h, weights.recurrent_kernel), recurrent_bias), 3);
  const Tensor z = activate(cell.recurrent_activation, add(a[0], b[0]));
  const Tensor r = activate(cell.recurrent_activation, add(a[1], b[1]));
  const Tensor reset_product = cell.reset_after ? mul(r, b[2]) : dot(mul(r, h), split(weights.recurrent_kernel, 3)[2]);
  const Tensor candidate = activate(cell.activation, add(a[2], reset_product));
  const Tensor output = add(mul(z, h), mul(complement(z), candidate));
  return {output, {output}};
}

// The step of flax.linen.MGUCell.
StepResult mgu_step(const CellSpec& cell, const RecurrentWeights& weights, const Tensor& x, const Tensor& h) {
  std::optional<Tensor> input_bias;
  std::optional<Tensor> recurrent_bias;
  if (weights.bias) {
    input_bias = weights.bias->select(0, 0);
    recurrent_bias = weights.bias->select(0, 1);
  }
  const std::vector<Tensor> a = split(with_bias(dot(x, weights.kernel), input_bias), 2);
  const std::vector<Tensor> b = split(with_bias(dot(h, weights.recurrent_kernel), recurrent_bias), 2);
  const Tensor f = activate(cell.recurrent_activation, add(a[0], b[0]));
  const Tensor n = activate(cell.activation, add(a[1], mul(f, b[1])));
  const Tensor output = add(mul(complement(f), n), mul(f, h));
  return {output, {output}};
}

}  // namespace

StepFunction formula_step(const CellSpec& cell, const RecurrentWeights& weights) {
  return [cell, weights](const Nest& x, const States& states, const Constants&) -> StepResult {
    switch (cell.kind) {
      case CellKind::simple_rnn: return simple_rnn_step(cell, weights, x, states[0]);
      case CellKind::lstm: return lstm_step(cell, weights, x, states);
      case CellKind::gru: return gru_step(cell, weights, x, states[0]);
      case CellKind::mgu: return mgu_step(cell, weights, x, states[0]);
    }
    throw ValueError("cell kind", "unknown", "a known one");
  };
}

}  // namespace rondo::test
