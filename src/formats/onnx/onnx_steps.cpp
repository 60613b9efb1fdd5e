#include "formats/onnx/onnx_steps.h"

#include "layers/loop/step_loop.h"
#include "rondo/ops/ops.h"
#include "rondo/vocabulary/error.h"

namespace rondo {
namespace {

Tensor one_minus(const Tensor& x) { return add(neg(x), 1.0); }

/// One step from a = x W + b to the new states; the letters are those of the operators' pages. Matrices are Keras's.
class Step {
 public:
  Step(const OnnxOperator& op, const OnnxCell& cell) : op_(op), cell_(cell), U_(cell.weights.recurrent_kernel) {}

  States operator()(const Tensor& a, const States& states) const {
    const Tensor& h = states[0];
    switch (op_.kind) {
      case CellKind::simple_rnn: return {activated(cell_.activations.f, add(a, dot(h, U_)))};
      case CellKind::lstm: return lstm(add(a, dot(h, U_)), states[1]);
      case CellKind::gru: return op_.linear_before_reset ? gru_after(a, h) : gru_before(a, h);
    }
    throw ValueError("kind", std::to_string(static_cast<int>(op_.kind)), "one of the CellKind values");
  }

 private:
  Tensor activated(Activation activation, const Tensor& x) const {
    return activate(activation, op_.clip ? clip(x, -*op_.clip, *op_.clip) : x);
  }

  /// x + p c, with row `row` of the peepholes.
  Tensor peep(const Tensor& x, int row, const Tensor& c) const {
    const std::optional<Tensor>& peepholes = cell_.weights.peepholes;
    return peepholes ? add(x, mul(peepholes->select(0, row), c)) : x;
  }

  //     i = f(z_i + P_i c)          f = f(z_f + P_f c), or 1 - i        c~ = g(z_c)
  //     c' = f c + i c~             o = f(z_o + P_o c')                 h' = o h(c')
  States lstm(const Tensor& z, const Tensor& c) const {
    const OnnxActivations& functions = cell_.activations;
    const std::vector<Tensor> gates = split(z, 4);
    const Tensor i = activated(functions.f, peep(gates[0], 0, c));
    const Tensor f = op_.input_forget ? one_minus(i) : activated(functions.f, peep(gates[1], 1, c));
    const Tensor candidate = activated(functions.g, gates[2]);
    const Tensor new_c = add(mul(f, c), mul(i, candidate));
    const Tensor o = activated(functions.f, peep(gates[3], 2, new_c));
    return {mul(o, activated(functions.h, new_c)), new_c};
  }

  // z and r are functions of a + h U; h' = (1 - z) h~ + z h.
  States gru(const Tensor& z, const Tensor& candidate, const Tensor& h) const {
    return {add(mul(one_minus(z), activated(cell_.activations.g, candidate)), mul(z, h))};
  }

  //     h~ = g(a_h + r (h U_h + b_h))
  States gru_after(const Tensor& a, const Tensor& h) const {
    Tensor recurrent = dot(h, U_);
    if (cell_.weights.bias) recurrent = add(recurrent, cell_.weights.bias->select(0, 1));
    const std::vector<Tensor> inputs = split(a, 3);
    const std::vector<Tensor> hidden = split(recurrent, 3);
    const Tensor z = activated(cell_.activations.f, add(inputs[0], hidden[0]));
    const Tensor r = activated(cell_.activations.f, add(inputs[1], hidden[1]));
    return gru(z, add(inputs[2], mul(r, hidden[2])), h);
  }

  //     h~ = g(a_h + (r h) U_h)
  States gru_before(const Tensor& a, const Tensor& h) const {
    const std::vector<Tensor> inputs = split(a, 3);
    const std::vector<Tensor> U = split(U_, 3);
    const Tensor z = activated(cell_.activations.f, add(inputs[0], dot(h, U[0])));
    const Tensor r = activated(cell_.activations.f, add(inputs[1], dot(h, U[1])));
    return gru(z, add(inputs[2], dot(mul(r, h), U[2])), h);
  }

  const OnnxOperator& op_;
  const OnnxCell& cell_;
  const Tensor& U_;
};

/// x W + b of all steps: (T, B, G H).
Tensor input_products(const OnnxCell& cell, const Tensor& x) {
  const Tensor products = dot(x, cell.weights.kernel);
  if (!cell.weights.bias) return products;
  const Tensor& bias = *cell.weights.bias;
  return add(products, bias.rank() == 2 ? bias.select(0, 0) : bias);
}

}  // namespace

std::string beyond_cell_spec(const OnnxOperator& op, const OnnxCell& cell) {
  if (op.clip) return "it clips the inputs of its activations";
  if (op.input_forget) return "its forget gate is coupled to its input gate";
  if (op.kind == CellKind::lstm && cell.activations.g != cell.activations.h) {
    return "its activations g and h are " + to_string(cell.activations.g) + " and " + to_string(cell.activations.h);
  }
  return {};
}

OnnxSequenceResult run_onnx_steps(const OnnxOperator& op, const OnnxCell& cell, const OnnxSequence& sequence) {
  const Step step(op, cell);
  const CheckedSequence products = check_inputs(input_products(cell, sequence.x), true);
  LoopOptions options{.rules = TimeRules::onnx(sequence.reversed, sequence.lengths.has_value())};
  if (sequence.lengths) options.lengths = checked_lengths("sequence_lens", *sequence.lengths, products.sizes);
  const RnnResult result = run_loop(
      [&](const Nest& a, const States& states, const Constants&) {
        States fresh = step(a, states);
        return StepResult{fresh[0], fresh};
      },
      products, {sequence.states.begin(), sequence.states.end()}, options);
  return {.y = result.outputs, .states = {result.new_states.begin(), result.new_states.end()}};
}

}  // namespace rondo
