// Golden cases of gradients: a run of a session and its backward, with every pair of executors.

#include "agreement/golden/golden_case.h"
#include "agreement/golden/golden_executors.h"
#include "rondo/plan/plan.h"
#include "support/cell_kinds.h"
#include "support/executors.h"

namespace rondo::golden {
namespace {

template <typename Value>
Value named(const std::string& name, std::initializer_list<std::pair<const char*, Value>> values) {
  for (const auto& [known, value] : values) {
    if (name == known) return value;
  }
  throw std::out_of_range("the golden case has an unknown '" + name + "'");
}

CellSpec cell_of(const nlohmann::json& cell) {
  CellSpec spec{.kind = test::kind_from_name(cell.at("kind")),
                .units = cell.at("units"),
                .activation = activation_from_name(cell.at("activation")),
                .recurrent_activation = activation_from_name(cell.at("recurrent_activation")),
                .use_bias = cell.at("use_bias"),
                .reset_after = cell.at("reset_after"),
                .use_peepholes = cell.at("use_peepholes")};
  if (!cell.at("cell_clip").is_null()) spec.cell_clip = cell.at("cell_clip").get<double>();
  if (!cell.at("projection_units").is_null()) spec.projection_units = cell.at("projection_units").get<std::int64_t>();
  if (!cell.at("projection_clip").is_null()) spec.projection_clip = cell.at("projection_clip").get<double>();
  return spec;
}

TimeRules rules_of(const nlohmann::json& rules) {
  return {.read = named<ReadOrder>(rules.at("read"), {{"forward", ReadOrder::forward},
                                                      {"reversed", ReadOrder::reversed},
                                                      {"reversed_within_length", ReadOrder::reversed_within_length}}),
          .write = named<WriteOrder>(rules.at("write"),
                                     {{"processing", WriteOrder::processing}, {"input", WriteOrder::input}}),
          .dead = named<DeadOutput>(rules.at("dead"), {{"previous_output", DeadOutput::previous_output},
                                                       {"zeros", DeadOutput::zeros},
                                                       {"incoming_state", DeadOutput::incoming_state}})};
}

RecurrenceSpec spec_of(const GoldenCase& golden) {
  const Tensor& x = golden.tensor("x");
  return {.cell = cell_of(golden.description().at("cell")),
          .T = x.size(0),
          .B = x.size(1),
          .I = x.size(2),
          .dtype = golden.dtype(),
          .device = golden.device(),
          .rules = rules_of(golden.description().at("rules")),
          .has_mask = golden.optional_tensor("mask").has_value(),
          .has_lengths = golden.optional_tensor("lengths").has_value(),
          .has_resets = golden.optional_tensor("resets").has_value(),
          .keep = Keep::gates};
}

using golden::unwritten;

std::vector<Tensor> unwritten(const std::vector<Tensor>& like) {
  std::vector<Tensor> result;
  for (const Tensor& tensor : like) result.push_back(unwritten(tensor));
  return result;
}

std::optional<Tensor> unwritten(const std::optional<Tensor>& like) {
  return like ? std::optional(unwritten(*like)) : std::nullopt;
}

/// The gradients of the final states; zeros for a state that the loss does not depend on.
std::vector<Tensor> upstream_of_states(const GoldenCase& golden) {
  std::vector<Tensor> gradients;
  const std::vector<Tensor> states = golden.tensors("expected/final_state");
  for (std::size_t k = 0; k < states.size(); ++k) {
    const auto given = golden.optional_tensor("upstream/final_state/" + std::to_string(k));
    gradients.push_back(given.value_or(Tensor::zeros(states[k].shape(), states[k].dtype(), states[k].device())));
  }
  return gradients;
}

std::string differences(const GoldenCase& golden, const SessionTensors& run, const SessionGradients& gradients) {
  std::string text = difference(golden, "expected/y", *run.y) +
                     difference(golden, "expected/last_output", *run.last_output) +
                     difference(golden, "gradient/x", *gradients.x);
  const auto compare = [&](const char* name, const std::vector<Tensor>& states) {
    for (std::size_t k = 0; k < states.size(); ++k) {
      text += difference(golden, std::string(name) + "/" + std::to_string(k), states[k]);
    }
  };
  compare("expected/final_state", run.final_state);
  compare("gradient/initial_state", gradients.initial_state);
  compare("gradient/reset_state", gradients.reset_state);
  const auto weight = [&](const char* name, const std::optional<Tensor>& gradient) {
    if (gradient) text += difference(golden, std::string("gradient/weight/") + name, *gradient);
  };
  weight("kernel", gradients.weights.kernel);
  weight("recurrent_kernel", gradients.weights.recurrent_kernel);
  weight("bias", gradients.weights.bias);
  weight("peepholes", gradients.weights.peepholes);
  weight("projection", gradients.weights.projection);
  return text;
}

std::string check_with(const GoldenCase& golden, const PlanOptions& options) {
  const Plan plan = Plan::create(spec_of(golden), options);
  const RecurrentWeights weights{golden.tensor("weight/kernel"), golden.tensor("weight/recurrent_kernel"),
                                 golden.optional_tensor("weight/bias"), golden.optional_tensor("weight/peepholes"),
                                 golden.optional_tensor("weight/projection")};
  SessionTensors run{.x = golden.tensor("x"),
                     .mask = golden.optional_tensor("mask"),
                     .lengths = golden.optional_tensor("lengths"),
                     .resets = golden.optional_tensor("resets"),
                     .reset_state = golden.tensors("reset_state"),
                     .initial_state = golden.tensors("initial_state"),
                     .y = unwritten(golden.tensor("expected/y")),
                     .last_output = unwritten(golden.tensor("expected/last_output")),
                     .final_state = unwritten(golden.tensors("expected/final_state"))};
  run.reserve = Tensor::empty({static_cast<std::int64_t>(plan.reserve_bytes())}, DType::u8, golden.device());
  const SessionGradients gradients{
      .y = golden.optional_tensor("upstream/y"),
      .last_output = golden.optional_tensor("upstream/last_output"),
      .final_state = upstream_of_states(golden),
      .x = unwritten(golden.tensor("gradient/x")),
      .initial_state = unwritten(golden.tensors("gradient/initial_state")),
      .reset_state = unwritten(golden.tensors("gradient/reset_state")),
      .weights = {.kernel = unwritten(golden.optional_tensor("gradient/weight/kernel")),
                  .recurrent_kernel = unwritten(golden.optional_tensor("gradient/weight/recurrent_kernel")),
                  .bias = unwritten(golden.optional_tensor("gradient/weight/bias")),
                  .peepholes = unwritten(golden.optional_tensor("gradient/weight/peepholes")),
                  .projection = unwritten(golden.optional_tensor("gradient/weight/projection"))}};
  Session session(plan, weights);
  session.run(run);
  session.backward(run, gradients);
  return differences(golden, run, gradients);
}

}  // namespace

std::string check_gradients(const GoldenCase& golden) {
  std::string text;
  const RecurrenceSpec spec = spec_of(golden);
  for (const std::string& forward : executor_names(spec.device)) {
    for (const std::string& backward : executor_names(spec.device)) {
      const PlanOptions options{.executor = forward, .backward_executor = backward};
      if (!is_asked(forward) || !is_asked(backward) || !test::accepts(forward, spec, options)) continue;
      const std::string found = check_with(golden, options);
      if (!found.empty()) text += "forward on " + forward + ", backward on " + backward + ": " + found;
      count_case(backward);
    }
  }
  return text;
}

}  // namespace rondo::golden
