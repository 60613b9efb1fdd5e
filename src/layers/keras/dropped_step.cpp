// One step of a known cell in training: the formulas of recurrence/cells/, where each gate may have its own masks for x
// and for the h in its product, and its gradients. Only h in a product is dropped; the states that a step carries on
// are not.

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

/// A step of a plain cell with its masks, and what its gradients need of it.
class DroppedStep {
 public:
  DroppedStep(const CellSpec& spec, const RecurrentWeights& weights, const CellArguments& arguments,
              const DropoutMasks& masks)
      : spec_(spec), weights_(weights), masks_(masks), x_(arguments.x), previous_{arguments.states[0].leaf()} {
    if (state_count(spec.kind) == 2) previous_.c = arguments.states[1].leaf();
  }

  /// Computes the new states. `keep` is called with the values that the formula's gradients need.
  template <typename Keep>
  States run(const Keep& keep) {
    const std::vector<Tensor> biases = biases_of(weights_);
    Gates inputs = products(x_, masks_.inputs, weights_.kernel, gate_count(spec_.kind));
    if (!biases.empty()) add_bias(inputs, biases[0]);
    // Only the product of r * h has first > 0, and r * h has its mask already (step.reset_h).
    const auto multiply = [&](const Tensor& state, int first, int last) {
      const Tensor kernel = columns_of_gates(weights_.recurrent_kernel, spec_.units, first, last);
      Gates sums = products(state, first == 0 ? masks_.recurrent : std::vector<Tensor>(), kernel, last - first);
      if (biases.size() == 2) add_bias(sums, columns_of_gates(biases[1], spec_.units, first, last));
      if (first > 0) reset_ = state;
      return sums;
    };
    TensorStep step{.inputs = inputs, .previous = previous_, .reset_h = previous_.h};
    const UnitStates<TensorValue> next = dispatch_plain_cell(spec_, [&]<typename Formula>(FormulaTag<Formula>) {
      if (kPhases<Formula> == 2) step.reset_h = dropped_for_last_gate(step.reset_h);
      return step_tensors<Formula>(step, activations(), multiply, keep);
    });
    if (state_count(spec_.kind) == 2) return {next.h.tensor(), next.c.tensor()};
    return {next.h.tensor()};
  }

  StepGradients gradients(const std::vector<TensorValue>& kept, const Nest& d_output, const States& d_states) const {
    UnitStates<TensorValue> d_next{add(d_output, d_states[0])};
    if (state_count(spec_.kind) == 2) d_next.c = d_states[1].leaf();
    return dispatch_plain_cell(
        spec_, [&]<typename Formula>(FormulaTag<Formula>) { return gradients_of<Formula>(kept.data(), d_next); });
  }

 private:
  Activations activations() const { return {spec_.activation, spec_.recurrent_activation}; }
  TensorValue dropped_for_last_gate(const TensorValue& h) const {
    return masks_.recurrent.empty() ? h : h * masks_.recurrent.back();
  }
  template <typename Formula>
  StepGradients gradients_of(const TensorValue* kept, const UnitStates<TensorValue>& d_next) const;
  Tensor bias_gradient(const Gates& d_inputs, const Gates& d_recurrent) const;

  CellSpec spec_;
  RecurrentWeights weights_;
  DropoutMasks masks_;
  Tensor x_;
  UnitStates<TensorValue> previous_;
  Tensor reset_;  ///< r * h, where the cell resets h before its product
};

struct ProductGradients {
  Tensor operand;
  Tensor kernel;
};

/// The gradients of `products`. For each gate, with its mask m: d(W) = (x m)' d, and d(x) = the sum of (d W') m.
ProductGradients product_gradients(const Tensor& x, const std::vector<Tensor>& masks, const Tensor& kernel,
                                   const Gates& d_products) {
  const Gates columns = split(kernel, static_cast<int>(d_products.size()));
  TensorValue operand;
  Gates kernels;
  for (std::size_t gate = 0; gate < columns.size(); ++gate) {
    const TensorValue mask = masks.empty() ? TensorValue(1.0) : masks[masks.size() == 1 ? 0 : gate];
    operand = operand + TensorValue(dot(d_products[gate], columns[gate].swap_axes(0, 1))) * mask;
    kernels.push_back(dot((TensorValue(x) * mask).tensor().swap_axes(0, 1), d_products[gate]));
  }
  return {operand.tensor(), concat(kernels)};
}

Gates tensors_of(const TensorValue* values, int count) {
  Gates tensors;
  for (int k = 0; k < count; ++k) tensors.push_back(values[k].tensor());
  return tensors;
}

template <typename Formula>
StepGradients DroppedStep::gradients_of(const TensorValue* kept, const UnitStates<TensorValue>& d_next) const {
  constexpr int kFirst = Formula::kProductsBeforeReset;
  const Tensor before_reset = columns_of_gates(weights_.recurrent_kernel, spec_.units, 0, kFirst);
  UnitGradient<TensorValue, Formula::kGates> unit;
  std::vector<Tensor> recurrent_kernels;
  if constexpr (kPhases<Formula> == 2) {
    const Gates d_candidate = {Formula::backward_candidate(kept, d_next.h, activations()).tensor()};
    const Tensor kernel = columns_of_gates(weights_.recurrent_kernel, spec_.units, kFirst, Formula::kGates);
    const ProductGradients of_reset = product_gradients(reset_, {}, kernel, d_candidate);
    recurrent_kernels = {of_reset.kernel};
    // r * h has the last gate's mask, so that what the formula takes for d(r * h) has it, too.
    unit = Formula::backward(kept, previous_, d_next, activations(), dropped_for_last_gate(of_reset.operand));
  } else {
    unit = Formula::backward(kept, previous_, d_next, activations());
  }
  const Gates d_inputs = tensors_of(unit.input, Formula::kGates);
  const Gates d_recurrent = tensors_of(unit.recurrent, Formula::kGates);
  const ProductGradients of_x = product_gradients(x_, masks_.inputs, weights_.kernel, d_inputs);
  const ProductGradients of_h =
      product_gradients(previous_.h.tensor(), masks_.recurrent, before_reset, tensors_of(unit.recurrent, kFirst));
  recurrent_kernels.insert(recurrent_kernels.begin(), of_h.kernel);
  StepGradients result{.inputs = of_x.operand,
                       .states = {(unit.previous.h + of_h.operand).tensor()},
                       .constants = {of_x.kernel, concat(recurrent_kernels)}};
  if (Formula::kStates == 2) result.states.emplace_back(unit.previous.c.tensor());
  if (weights_.bias) result.constants.emplace_back(bias_gradient(d_inputs, d_recurrent));
  return result;
}

Tensor DroppedStep::bias_gradient(const Gates& d_inputs, const Gates& d_recurrent) const {
  const Tensor row = sum(concat(d_inputs), {0});
  if (weights_.bias->rank() == 1) return row;
  return concat({row.insert_axis(0), sum(concat(d_recurrent), {0}, true)}, 0);
}

}  // namespace

StepResult dropped_step(const CellSpec& spec, const RecurrentWeights& weights, const CellArguments& arguments,
                        const DropoutMasks& masks) {
  States next = DroppedStep(spec, weights, arguments, masks).run(KeepNothing());
  return {next[0], next};
}

StepWithPullback dropped_step_with_pullback(const CellSpec& spec, const RecurrentWeights& weights,
                                            const CellArguments& arguments, const DropoutMasks& masks) {
  DroppedStep step(spec, weights, arguments, masks);
  std::vector<TensorValue> kept;
  States next = step.run(KeepTensors{kept});
  const auto pullback = [step = std::move(step), kept = std::move(kept)](const Nest& d_output, const States& d_states) {
    return step.gradients(kept, d_output, d_states);
  };
  return {next[0], next, pullback};
}

}  // namespace rondo
