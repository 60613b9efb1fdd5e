// The LSTM of TensorFlow 1, converted to a known cell.

#include "layers/loop/packed_states.h"
#include "layers/tf1/v1_weights.h"
#include "recurrence/weight_layout.h"
#include "rondo/ops/ops.h"
#include "rondo/tf1/v1_cells.h"
#include "rondo/vocabulary/error.h"

namespace rondo::v1 {
namespace {

// Checks a weight that must be present if `wanted` and absent otherwise.
void check_optional(const std::string& name, const std::optional<Tensor>& weight, bool wanted, const Shape& expected,
                    const Tensor& kernel) {
  if (weight.has_value() != wanted) {
    throw ValueError(
        "weight " + name, weight ? describe(*weight) : "none",
        wanted ? to_string(expected) + ", as the options ask for it" : "none, as the options do not ask for it");
  }
  if (wanted) check_beside_kernel(name, *weight, expected, kernel);
}

void check_clip(const std::string& name, const std::optional<double>& clip) {
  if (clip && !(*clip >= 0)) throw ValueError(name, std::to_string(*clip), "0 or more");
}

std::int64_t check_options(const LSTMCellOptions& options) {
  check_units("num_units", options.num_units);
  if (options.num_proj) check_units("num_proj", *options.num_proj);
  check_clip("cell_clip", options.cell_clip);
  check_clip("proj_clip", options.proj_clip);
  return options.num_proj.value_or(options.num_units);
}

CellSpec cell_spec(const LSTMCellOptions& options) {
  CellSpec cell{.kind = CellKind::lstm,
                .units = options.num_units,
                .activation = options.activation,
                .use_peepholes = options.use_peepholes,
                .cell_clip = options.cell_clip,
                .projection_units = options.num_proj};
  if (options.num_proj) cell.projection_clip = options.proj_clip;
  return cell;
}

RecurrentWeights checked_weights(const LSTMCellOptions& options, const LSTMWeights& weights) {
  const std::int64_t H = options.num_units;
  const std::int64_t P = check_options(options);
  const SplitKernel kernel = split_kernel("kernel", weights.kernel, P, 4 * H);
  check_beside_kernel("bias", weights.bias, {4 * H}, weights.kernel);
  check_optional("w_f_diag", weights.w_f_diag, options.use_peepholes, {H}, weights.kernel);
  check_optional("w_i_diag", weights.w_i_diag, options.use_peepholes, {H}, weights.kernel);
  check_optional("w_o_diag", weights.w_o_diag, options.use_peepholes, {H}, weights.kernel);
  check_optional("projection_kernel", weights.projection_kernel, options.num_proj.has_value(), {H, P}, weights.kernel);
  RecurrentWeights keras = keras_weights(kernel, weights.bias);
  keras.bias = with_forget_bias(*keras.bias, options.forget_bias);
  if (options.use_peepholes) {
    keras.peepholes = concat({*weights.w_i_diag, *weights.w_f_diag, *weights.w_o_diag}, 0).reshape({3, H});
  }
  if (options.num_proj) keras.projection = weights.projection_kernel->contiguous();
  return keras;
}

}  // namespace

LSTMCell::LSTMCell(const LSTMCellOptions& options, const LSTMWeights& weights)
    : options_(options),
      output_units_(options.num_proj.value_or(options.num_units)),
      known_(cell_spec(options), checked_weights(options, weights)) {}

SizeNest LSTMCell::state_size() const {
  const std::int64_t H = options_.num_units;
  if (!options_.state_is_tuple) return Shape{H + output_units_};
  return SizeNest::named({{"c", Shape{H}}, {"h", Shape{output_units_}}});
}

LSTMCell::State LSTMCell::unpack(const States& states) const {
  check_state_count("states", states, options_.state_is_tuple ? 2 : 1);
  if (options_.state_is_tuple) return {states[0], states[1]};
  const std::int64_t H = options_.num_units;
  const Tensor& both = states[0].leaf();
  return {both.slice(1, 0, H), both.slice(1, H, both.size(1))};
}

States LSTMCell::pack(const State& state) const {
  if (options_.state_is_tuple) return {state.c, state.h};
  return {concat({state.c, state.h}, 1)};
}

StepResult LSTMCell::call(const Nest& inputs, const States& states, const CellContext& context) {
  const State old = unpack(states);
  const StepResult result = known_.call(inputs, {old.h, old.c}, context);
  return {result.output, pack({result.states[1], result.states[0]})};
}

BasicLSTMCell::BasicLSTMCell(const BasicLSTMCellOptions& options, const LSTMWeights& weights)
    : LSTMCell({.num_units = options.num_units,
                .forget_bias = options.forget_bias,
                .state_is_tuple = options.state_is_tuple,
                .activation = options.activation},
               weights) {}

}  // namespace rondo::v1
