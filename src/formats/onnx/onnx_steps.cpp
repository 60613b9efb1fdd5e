#include "formats/onnx/onnx_steps.h"

#include "layers/loop/step_loop.h"
#include "recurrence/dispatch_cell.h"
#include "recurrence/tensor_step.h"
#include "rondo/keras/rnn.h"
#include "rondo/ops/ops.h"
#include "rondo/vocabulary/error.h"

namespace rondo {
namespace {

/// An activation as the operators have it: of what `clip` leaves of its input.
struct ClippedActivation {
  Activation function;
  std::optional<double> bound;
};

TensorValue activate(const ClippedActivation& activation, const TensorValue& x) {
  const std::optional<double>& bound = activation.bound;
  return activate(activation.function, bound ? clip(x.tensor(), -*bound, *bound) : x.tensor());
}

struct StepActivations {
  ClippedActivation state;
  ClippedActivation gate;
  ClippedActivation output;  ///< h of an LSTM, which may be another one than g
};

/// The peepholes of all units, where there are some. `clip` is not for c.
template <bool kCouples>
struct OnnxLstmUnits : LstmVariantUnit<TensorValue> {
  static constexpr bool kCouplesForget = kCouples;  ///< input_forget

  explicit OnnxLstmUnits(const std::optional<Tensor>& peepholes) {
    if (!peepholes) return;
    has_peepholes = true;
    w_i = peepholes->select(0, 0);
    w_f = peepholes->select(0, 1);
    w_o = peepholes->select(0, 2);
  }

  const TensorValue& clipped(const TensorValue& c) const { return c; }
};

/// One step from a = x W + b to the new states.
class Step {
 public:
  Step(const OnnxOperator& op, const OnnxCell& cell)
      : op_(op),
        cell_(cell),
        activations_{.state = {cell.cell.activation, op.clip},
                     .gate = {cell.cell.recurrent_activation, op.clip},
                     .output = {cell.activations.h, op.clip}} {}

  States operator()(const Tensor& a, const States& states) const {
    const std::vector<Tensor> inputs = split(a, gate_count(op_.kind));
    TensorStep step{.inputs = inputs, .previous = {states[0].leaf()}, .reset_h = states[0].leaf()};
    if (states.size() == 2) step.previous.c = states[1].leaf();
    const UnitStates<TensorValue> next = dispatch_plain_cell(
        cell_.cell, [&]<typename Formula>(FormulaTag<Formula> formula) { return advance(formula, step); });
    if (states.size() == 2) return {next.h.tensor(), next.c.tensor()};
    return {next.h.tensor()};
  }

 private:
  template <typename Formula>
  UnitStates<TensorValue> advance(FormulaTag<Formula>, const TensorStep& step) const {
    return step_of<Formula>(step);
  }
  UnitStates<TensorValue> advance(FormulaTag<LstmFormula>, const TensorStep& step) const {
    const std::optional<Tensor>& peepholes = cell_.weights.peepholes;
    if (op_.input_forget) return step_of<LstmVariantFormula>(step, OnnxLstmUnits<true>(peepholes));
    return step_of<LstmVariantFormula>(step, OnnxLstmUnits<false>(peepholes));
  }

  template <typename Formula, typename... Units>
  UnitStates<TensorValue> step_of(const TensorStep& step, const Units&... units) const {
    const auto multiply = [this](const Tensor& state, int first, int last) { return products(state, first, last); };
    return step_tensors<Formula>(step, activations_, multiply, units...);
  }

  std::vector<Tensor> products(const Tensor& state, int first, int last) const {
    const std::int64_t H = cell_.cell.units;
    const std::optional<Tensor>& bias = cell_.weights.bias;
    Tensor sums = dot(state, columns_of_gates(cell_.weights.recurrent_kernel, H, first, last));
    if (bias && bias->rank() == 2) sums = add(sums, columns_of_gates(bias->select(0, 1), H, first, last));
    return split(sums, last - first);
  }

  const OnnxOperator& op_;
  const OnnxCell& cell_;
  const StepActivations activations_;
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
        States next = step(a, states);
        return StepResult{next[0], next};
      },
      products, {sequence.states.begin(), sequence.states.end()}, options);
  return {.y = result.outputs, .states = {result.new_states.begin(), result.new_states.end()}};
}

}  // namespace rondo
