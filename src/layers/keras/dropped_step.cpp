// One step of a known cell in training, gate by gate: the formulas of rondo/cells.h, where each gate may have masks of
// its own for x and for the h that it multiplies. States that are not multiplied are never dropped.

#include "layers/keras/dropout.h"
#include "rondo/ops/ops.h"

namespace rondo {
namespace {

using Gates = std::vector<Tensor>;

/// One (B, H) for each gate: x, with the gate's mask, by the gate's part of the kernel.
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

StepResult simple_rnn(const CellSpec& spec, const Gates& x, const Gates& h) {
  const Tensor fresh = activate(spec.activation, add(x[0], h[0]));
  return {fresh, {fresh}};
}

// c' = f c + i g, h' = o activation(c')
StepResult lstm(const CellSpec& spec, const Gates& x, const Gates& h, const Tensor& c) {
  const auto gate = [&](std::size_t k) { return activate(spec.recurrent_activation, add(x[k], h[k])); };
  const Tensor candidate = activate(spec.activation, add(x[2], h[2]));
  const Tensor fresh_c = add(mul(gate(1), c), mul(gate(0), candidate));
  const Tensor fresh_h = mul(gate(3), activate(spec.activation, fresh_c));
  return {fresh_h, {fresh_h, fresh_c}};
}

/// `candidate_h` gets r and gives what the candidate takes of the state.
template <typename CandidateOfState>
StepResult gru(const CellSpec& spec, const Gates& x, const Gates& h, const Tensor& old,
               const CandidateOfState& candidate_h) {
  const auto gate = [&](std::size_t k) { return activate(spec.recurrent_activation, add(x[k], h[k])); };
  const Tensor z = gate(0);
  const Tensor candidate = activate(spec.activation, add(x[2], candidate_h(gate(1))));
  // h' = z h + (1 - z) candidate
  const Tensor fresh = add(mul(z, old), mul(add(neg(z), 1.0), candidate));
  return {fresh, {fresh}};
}

StepResult gru_step(const CellSpec& spec, const RecurrentWeights& weights, Gates x, const Tensor& h,
                    const std::vector<Tensor>& masks) {
  const bool separate = spec.use_bias && spec.reset_after;
  if (spec.use_bias) add_bias(x, separate ? weights.bias->select(0, 0) : *weights.bias);
  Gates sums = products(h, masks, weights.recurrent_kernel, 3);
  if (separate) add_bias(sums, weights.bias->select(0, 1));
  return gru(spec, x, sums, h, [&](const Tensor& r) {
    if (spec.reset_after) return mul(r, sums[2]);
    const Tensor kept = masks.empty() ? h : mul(h, masks[2]);
    return dot(mul(r, kept), split(weights.recurrent_kernel, 3)[2]);
  });
}

}  // namespace

StepResult dropped_step(const CellSpec& spec, const RecurrentWeights& weights, const CellArguments& arguments,
                        const DropoutMasks& masks) {
  const Tensor& h = arguments.states[0].leaf();
  const int gates = gate_count(spec.kind);
  Gates x = products(arguments.x, masks.inputs, weights.kernel, gates);
  if (spec.kind == CellKind::gru) return gru_step(spec, weights, std::move(x), h, masks.recurrent);
  if (spec.use_bias) add_bias(x, *weights.bias);
  const Gates sums = products(h, masks.recurrent, weights.recurrent_kernel, gates);
  if (spec.kind == CellKind::simple_rnn) return simple_rnn(spec, x, sums);
  return lstm(spec, x, sums, arguments.states[1].leaf());
}

}  // namespace rondo
