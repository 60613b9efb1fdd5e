// Runs backend.rnn cases through rnn(), and steps that are cells also through a session of every executor.

#include "agreement/golden/golden_case.h"
#include "agreement/golden/golden_executors.h"
#include "agreement/golden/golden_steps.h"
#include "rondo/ops/ops.h"
#include "rondo/plan/plan.h"

namespace rondo::golden {
namespace {

// The leaves `name/0`, `name/1`, ... as the states of the step; no states where there are no leaves.
States states_of_step(const GoldenCase& golden, const std::string& name) {
  const std::vector<Tensor> leaves = golden.tensors(name);
  if (!leaves.empty() && golden.description().at("step").at("function") == "nested_state") {
    return {Nest::tuple({leaves.begin(), leaves.end()})};
  }
  return {leaves.begin(), leaves.end()};
}

RnnOptions rnn_options(const GoldenCase& golden) {
  const std::vector<Tensor> given = golden.tensors("constants");
  RnnOptions options{.go_backwards = golden.option("go_backwards"),
                     .mask = golden.optional_tensor("mask"),
                     .constants = {given.begin(), given.end()},
                     .unroll = golden.option("unroll"),
                     .resets = golden.optional_tensor("resets"),
                     .reset_state = states_of_step(golden, "piece_state"),
                     .time_major = golden.option("time_major"),
                     .zero_output_for_mask = golden.option("zero_output_for_mask"),
                     .return_all_outputs = golden.option("return_all_outputs")};
  if (golden.options().contains("input_length")) {
    options.input_length = golden.options().at("input_length").get<std::int64_t>();
  } else if (const auto lengths = golden.optional_tensor("input_length")) {
    options.input_length = *lengths;
  }
  return options;
}

RecurrenceSpec spec_of(const GoldenCase& golden, const CellSpec& cell, const Tensor& x, const RnnOptions& options) {
  return {.cell = cell,
          .T = x.size(0),
          .B = x.size(1),
          .I = x.size(2),
          .dtype = golden.dtype(),
          .device = golden.device(),
          .rules = TimeRules::keras(options.go_backwards, options.zero_output_for_mask),
          .has_mask = options.mask.has_value(),
          .has_lengths = !options.mask && options.input_length.has_value(),
          .has_resets = options.resets.has_value()};
}

// A mask or resets of any dtype and layout that rnn() takes, as the boolean (T, B) that a session takes.
std::optional<Tensor> session_flags(const std::optional<Tensor>& flags, bool time_major) {
  if (!flags) return std::nullopt;
  const Tensor flat = flags->rank() == 3 ? flags->erase_axis(2) : *flags;
  return (time_major ? flat : flat.swap_axes(0, 1)).to(DType::boolean);
}

std::optional<Tensor> session_lengths(const RnnOptions& options, std::int64_t B, Device device) {
  if (options.mask || !options.input_length) return std::nullopt;
  if (const auto* length = std::get_if<std::int64_t>(&*options.input_length)) {
    return Tensor::full({B}, static_cast<double>(*length), DType::i32, device);
  }
  return std::get<Tensor>(*options.input_length).to(DType::i32);
}

std::string check_on(const GoldenCase& golden, const RecurrenceSpec& spec, const std::string& executor,
                     const SessionTensors& given) {
  SessionTensors tensors = given;
  const Tensor y = Tensor::empty({spec.T, spec.B, spec.cell.units}, spec.dtype, spec.device);
  tensors.y = y;
  tensors.last_output = Tensor::empty({spec.B, spec.cell.units}, spec.dtype, spec.device);
  for (int k = 0; k < state_count(spec.cell.kind); ++k) {
    tensors.final_state.push_back(Tensor::empty({spec.B, spec.cell.units}, spec.dtype, spec.device));
  }
  Session(Plan::create(spec, {.executor = executor}), cell_weights(golden, "weight/")).run(tensors);
  std::string text;
  if (golden.option("return_all_outputs")) {
    text += difference(golden, "expected/output", golden.option("time_major") ? y : y.swap_axes(0, 1));
  }
  text += difference(golden, "expected/last_output", *tensors.last_output);
  text += difference(golden, "expected/state", Nest::tuple({tensors.final_state.begin(), tensors.final_state.end()}));
  return text;
}

}  // namespace

std::string check_backend_rnn(const GoldenCase& golden) {
  const StepFunction step = step_function(golden);
  int calls = 0;
  const StepFunction counted = [&](const Nest& x, const States& states, const Constants& given) {
    ++calls;
    return step(x, states, given);
  };
  const Nest inputs = golden.nest("input");
  const RnnOptions options = rnn_options(golden);
  const RnnResult result = rnn(counted, inputs, states_of_step(golden, "initial_state"), options);
  std::string text;
  const std::int64_t T = inputs.flatten()[0].size(options.time_major ? 0 : 1);
  if (calls != T) text += "the step was called " + std::to_string(calls) + " times\n";
  text += difference(golden, "expected/output", result.outputs);
  text += difference(golden, "expected/last_output", result.last_output);
  return text + difference(golden, "expected/state", Nest::tuple(result.new_states));
}

std::string check_backend_rnn_on_executors(const GoldenCase& golden) {
  const auto cell = step_cell(golden);
  if (!cell) return {};
  const RnnOptions options = rnn_options(golden);
  const bool time_major = options.time_major;
  const Tensor input = golden.tensor("input");
  SessionTensors tensors{.x = time_major ? input : input.swap_axes(0, 1),
                         .mask = session_flags(options.mask, time_major),
                         .resets = session_flags(options.resets, time_major),
                         .reset_state = golden.tensors("piece_state"),
                         .initial_state = golden.tensors("initial_state")};
  const RecurrenceSpec spec = spec_of(golden, *cell, tensors.x, options);
  tensors.lengths = session_lengths(options, spec.B, spec.device);
  return on_executors({{spec}}, [&](const std::string& executor) { return check_on(golden, spec, executor, tensors); });
}

}  // namespace rondo::golden
