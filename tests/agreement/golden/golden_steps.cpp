#include "agreement/golden/golden_steps.h"

#include <map>

#include "rondo/ops/ops.h"
#include "support/formula_steps.h"

namespace rondo::golden {
namespace {

/// A case's weights by their short names.
struct Weights {
  const GoldenCase& golden;
  std::string prefix;
  const Tensor& operator[](const std::string& name) const { return golden.tensor(prefix + name); }
};

using Step = StepResult (*)(const Weights&, const Nest&, const States&, const Constants&);

// x kernel + h recurrent_kernel
Tensor recurrent_sum(const Weights& w, const Tensor& x, const Tensor& h) {
  return add(dot(x, w["kernel"]), dot(h, w["recurrent_kernel"]));
}

StepResult minimal(const Weights& w, const Nest& x, const States& s, const Constants&) {
  const Tensor output = recurrent_sum(w, x, s[0]);
  return {output, {output}};
}

StepResult projected_output(const Weights& w, const Nest& x, const States& s, const Constants&) {
  const Tensor h = tanh(add(recurrent_sum(w, x, s[0]), w["bias"]));
  return {dot(h, w["projection"]), {h}};
}

StepResult nested_input(const Weights& w, const Nest& x, const States& s, const Constants&) {
  const Tensor from_inputs = add(dot(x[0], w["kernel_a"]), dot(x[1], w["kernel_b"]));
  const Tensor h = tanh(add(from_inputs, dot(s[0], w["recurrent_kernel"])));
  return {h, {h}};
}

StepResult nested_output(const Weights& w, const Nest& x, const States& s, const Constants&) {
  const Tensor h = tanh(recurrent_sum(w, x, s[0]));
  return {Nest::tuple({h, dot(x, w["kernel2"])}), {h}};
}

StepResult nested_state(const Weights& w, const Nest& x, const States& s, const Constants&) {
  const std::vector<Tensor> z = split(recurrent_sum(w, x, s[0][0]), 2);
  const Tensor c = add(mul(sigmoid(z[0]), s[0][1]), tanh(z[1]));
  const Tensor h = tanh(c);
  return {h, {Nest::tuple({h, c})}};
}

StepResult constants(const Weights& w, const Nest& x, const States& s, const Constants& given) {
  const Tensor h = tanh(add(recurrent_sum(w, x, s[0]), dot(given[0], w["constant_kernel"])));
  return {h, {h}};
}

StepResult attention(const Weights& w, const Nest& x, const States& s, const Constants& given) {
  const Tensor& memory = given[0];                                              // (B, S, H)
  const Tensor score = sum(mul(memory, s[0].leaf().insert_axis(1)), {2});       // (B, S)
  const Tensor context = sum(mul(softmax(score).insert_axis(2), memory), {1});  // (B, H)
  const Tensor h = tanh(add(recurrent_sum(w, x, s[0]), dot(context, w["context_kernel"])));
  return {h, {h}};
}

StepResult matrix_state(const Weights& w, const Nest& x, const States& s, const Constants&) {
  const Tensor from_input = dot(x, w["kernel"]).insert_axis(1);
  const Tensor state = tanh(add(dot(s[0], w["recurrent_kernel"]), from_input));
  return {mean(state, {1}), {state}};
}

StepResult matrix_input(const Weights& w, const Nest& x, const States& s, const Constants&) {
  const Tensor h = tanh(recurrent_sum(w, x, s[0]));
  return {h, {h}};
}

StepResult counter(const Weights& w, const Nest& x, const States& s, const Constants&) {
  const Tensor h = tanh(add(recurrent_sum(w, x, s[0]), w["bias"]));
  const Tensor n = add(s[1], 1.0);
  return {concat({h, n}), {h, n}};
}

StepResult rank_zero_counter(const Weights& w, const Nest& x, const States& s, const Constants&) {
  const Tensor h = tanh(add(recurrent_sum(w, x, s[0]), w["bias"]));
  const Tensor n = add(s[1], 1.0);
  return {add(h, n), {h, n}};
}

StepResult stateless(const Weights& w, const Nest& x, const States&, const Constants&) {
  return {dot(x, w["kernel"]), {}};
}

const std::map<std::string, Step> kSteps{
    {"minimal", minimal},           {"projected_output", projected_output},
    {"nested_input", nested_input}, {"nested_output", nested_output},
    {"nested_state", nested_state}, {"constants", constants},
    {"attention", attention},       {"matrix_state", matrix_state},
    {"matrix_input", matrix_input}, {"counter", counter},
    {"stateless", stateless},       {"rank_zero_counter", rank_zero_counter},
};

std::string step_name(const GoldenCase& golden) {
  return golden.description().at("step").at("function").get<std::string>();
}

}  // namespace

RecurrentWeights cell_weights(const GoldenCase& golden, const std::string& prefix) {
  return {golden.tensor(prefix + "kernel"), golden.tensor(prefix + "recurrent_kernel"),
          golden.optional_tensor(prefix + "bias")};
}

std::optional<CellSpec> step_cell(const GoldenCase& golden) {
  const std::string name = step_name(golden);
  CellSpec cell;
  if (name == "simple_rnn") {
    cell.kind = CellKind::simple_rnn;
  } else if (name == "lstm") {
    cell.kind = CellKind::lstm;
  } else if (name == "gru_reset_after" || name == "gru_reset_before") {
    cell.kind = CellKind::gru;
    cell.reset_after = name == "gru_reset_after";
  } else {
    return std::nullopt;
  }
  cell.units = golden.tensor("weight/recurrent_kernel").size(0);
  return cell;
}

StepFunction step_function(const GoldenCase& golden) {
  if (const auto cell = step_cell(golden)) return test::formula_step(*cell, cell_weights(golden, "weight/"));
  return step_function(golden, step_name(golden), "weight/");
}

StepFunction step_function(const GoldenCase& golden, const std::string& name, const std::string& prefix) {
  const auto known = kSteps.find(name);
  if (known == kSteps.end()) throw ValueError("step function", name, "one that README.md describes");
  return [weights = Weights{golden, prefix}, step = known->second](
             const Nest& x, const States& states, const Constants& given) { return step(weights, x, states, given); };
}

}  // namespace rondo::golden
