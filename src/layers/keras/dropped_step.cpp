// One step of a known cell in training: the formulas of recurrence/cells/, where each gate may have its own masks for x
// and for the h in its product. Only h in a product is dropped; the states that a step carries on are not.

#include "layers/keras/dropout.h"
#include "recurrence/dispatch_cell.h"
#include "recurrence/tensor_step.h"
#include "rondo/ops/ops.h"

namespace rondo {
namespace {

using Gates = std::vector<Tensor>;

/// The product of each gate, (B, H): x, with the gate's mask, times the gate's part of the kernel.
Gates products(const Tensor& x, const std::vector<Tensor>& masks, const Tensor& kernel, int gates) {
  if (masks.size() <= 1) return split(dot(masks.empty() ? x : mul(x, masks[0]), kernel), gates);
  Gates result = split(kernel, gates);
  for (std::size_t gate = 0; gate < result.size(); ++gate) result[gate] = dot(mul(x, masks[gate]), result[gate]);
  return result;
}

void add_bias(Gates& sums, const Tensor& bias) {
  const Gates parts = split(bias, static_cast<int>(sums.size()));
  for (std::size_t gate = 0; gate < sums.size(); ++gate) sums[gate] = add(sums[gate], parts[gate]);
}

/// The rows of the bias: two where h U has its own bias, else one; empty without a bias.
std::vector<Tensor> biases_of(const RecurrentWeights& weights) {
  if (!weights.bias) return {};
  if (weights.bias->rank() == 1) return {*weights.bias};
  return {weights.bias->select(0, 0), weights.bias->select(0, 1)};
}

}  // namespace

StepResult dropped_step(const CellSpec& spec, const RecurrentWeights& weights, const CellArguments& arguments,
                        const DropoutMasks& masks) {
  const std::vector<Tensor> biases = biases_of(weights);
  Gates inputs = products(arguments.x, masks.inputs, weights.kernel, gate_count(spec.kind));
  if (!biases.empty()) add_bias(inputs, biases[0]);
  // Only the product of r * h has first > 0, and r * h has its mask already (step.reset_h).
  const auto multiply = [&](const Tensor& state, int first, int last) {
    const Tensor kernel = columns_of_gates(weights.recurrent_kernel, spec.units, first, last);
    Gates sums = products(state, first == 0 ? masks.recurrent : std::vector<Tensor>(), kernel, last - first);
    if (biases.size() == 2) add_bias(sums, columns_of_gates(biases[1], spec.units, first, last));
    return sums;
  };
  TensorStep step{.inputs = inputs, .previous = {arguments.states[0].leaf()}, .reset_h = arguments.states[0].leaf()};
  if (state_count(spec.kind) == 2) step.previous.c = arguments.states[1].leaf();
  const UnitStates<TensorValue> next = dispatch_plain_cell(spec, [&]<typename Formula>(FormulaTag<Formula>) {
    const bool drops = kPhases<Formula> == 2 && !masks.recurrent.empty();
    if (drops) step.reset_h = mul(step.reset_h.tensor(), masks.recurrent.back());
    return step_tensors<Formula>(step, Activations{spec.activation, spec.recurrent_activation}, multiply);
  });
  const Tensor& h = next.h.tensor();
  if (state_count(spec.kind) == 2) return {h, {h, next.c.tensor()}};
  return {h, {h}};
}

}  // namespace rondo
