// Runs the cases of dynamic_rnn, bidirectional_dynamic_rnn and raw_rnn, and of contrib's rnn.

#include <algorithm>

#include "agreement/golden/golden_case.h"
#include "agreement/golden/golden_executors.h"
#include "agreement/golden/golden_steps.h"
#include "agreement/golden/golden_v1_cells.h"
#include "rondo/ops/ops.h"
#include "rondo/tf1/contrib.h"
#include "rondo/tf1/v1.h"

namespace rondo::golden {
namespace {

// Adds the recurrences that runs of `cell` plan, for B rows and at most T steps at once.
void add_specs(const Cell& cell, std::int64_t T, std::int64_t B, PlannedWork& work) {
  if (const auto* stack = dynamic_cast<const v1::MultiRNNCell*>(&cell)) {
    for (const auto& inner : stack->cells()) add_specs(*inner, T, B, work);
    return;
  }
  const auto* of_v1 = dynamic_cast<const v1::RNNCell*>(&cell);
  if (of_v1 != nullptr && of_v1->known() != nullptr) work.specs.push_back(spec_of_steps(*of_v1->known(), T, B));
}

PlannedWork planned_work(const GoldenCase& golden, const std::vector<const Cell*>& cells) {
  const Tensor x = golden.nest("input").flatten()[0];
  const int batch_axis = golden.option("time_major") ? 1 : 0;
  // The call itself refuses a number below 1.
  const auto at_once = std::max<std::int64_t>(1, golden.options().at("parallel_iterations").get<std::int64_t>());
  PlannedWork work{.certain = x.size(1 - batch_axis) > 0};
  for (const Cell* cell : cells) add_specs(*cell, std::min(x.size(1 - batch_axis), at_once), x.size(batch_axis), work);
  for (RecurrenceSpec& spec : work.specs) spec.has_lengths = golden.optional_tensor("sequence_length").has_value();
  return work;
}

template <typename Options>
Options options_of(const GoldenCase& golden, const std::string& executor) {
  Options options;
  options.sequence_length = golden.optional_tensor("sequence_length");
  if (golden.option("dtype_given")) options.dtype = golden.dtype();
  options.parallel_iterations = golden.options().at("parallel_iterations").get<std::int64_t>();
  options.swap_memory = golden.option("swap_memory");
  options.time_major = golden.option("time_major");
  options.plan.executor = executor;
  return options;
}

std::string check_dynamic_on(const GoldenCase& golden, const std::string& executor) {
  const std::shared_ptr<Cell> cell = make_v1_cell(golden, golden.description().at("cell"), "weight/");
  auto options = options_of<v1::DynamicRnnOptions>(golden, executor);
  options.initial_state = v1_state(golden, *cell, "initial_state");
  std::string text;
  for (const Device place : {golden.device(), cpu()}) {  // lengths may be on the host for any device
    if (options.sequence_length) options.sequence_length = options.sequence_length->to(place);
    const v1::DynamicRnnResult result = v1::dynamic_rnn(cell, golden.nest("input"), options);
    text += difference(golden, "expected/output", result.outputs) + difference(golden, "expected/state", result.state);
  }
  return text;
}

std::shared_ptr<Cell> make_direction(const GoldenCase& golden, const std::string& name) {
  return make_v1_cell(golden, golden.description().at("cells").at(name), "weight/" + name + "/");
}

std::string check_bidirectional_on(const GoldenCase& golden, const std::string& executor) {
  const std::shared_ptr<Cell> fw = make_direction(golden, "fw");
  const std::shared_ptr<Cell> bw = make_direction(golden, "bw");
  auto options = options_of<v1::BidirectionalRnnOptions>(golden, executor);
  options.initial_state_fw = v1_state(golden, *fw, "initial_state_fw");
  options.initial_state_bw = v1_state(golden, *bw, "initial_state_bw");
  const v1::BidirectionalRnnResult result = v1::bidirectional_dynamic_rnn(fw, bw, golden.nest("input"), options);
  return difference(golden, "expected/output_fw", result.outputs.fw) +
         difference(golden, "expected/output_bw", result.outputs.bw) +
         difference(golden, "expected/state_fw", result.output_states.fw) +
         difference(golden, "expected/state_bw", result.output_states.bw);
}

// The two loop functions that README.md describes.
struct GoldenLoop {
  const GoldenCase& golden;
  const Cell& cell;
  bool feedback;
  Tensor inputs;   // (T, B, I)
  Tensor lengths;  // (B,)

  v1::LoopFunctionResult operator()(const v1::LoopFunctionArguments& now) const {
    std::vector<std::int64_t> steps = lengths.to(DType::i64).to_vector<std::int64_t>();
    const Tensor finished = Tensor::empty({lengths.size(0)}, DType::boolean);
    for (std::size_t b = 0; b < steps.size(); ++b) finished.data<bool>()[b] = now.time >= steps[b];
    v1::LoopFunctionResult next{
        .elements_finished = finished.to(golden.device()),
        .next_input = inputs.select(0, std::min(now.time, inputs.size(0) - 1)),
        .next_cell_state = now.cell_state ? *now.cell_state : *v1_state(golden, cell, "initial_state"),
        .emit_output = now.cell_output};
    if (feedback) feed_back(now, next);
    return next;
  }

  void feed_back(const v1::LoopFunctionArguments& now, v1::LoopFunctionResult& next) const {
    const DType dtype = golden.dtype();
    if (!now.cell_output) {
      next.emit_output = Nest::tuple({Tensor::zeros(cell.output_size().leaf(), dtype, golden.device()),
                                      Tensor::zeros({}, dtype, golden.device())});
      next.next_loop_state = Tensor::zeros({}, dtype, golden.device());
      return;
    }
    const Tensor& output = now.cell_output->leaf();
    next.next_input = dot(output, golden.tensor("weight/feedback"));
    next.emit_output = Nest::tuple({output, sum(output, {1})});
    next.next_loop_state = add(now.loop_state->leaf(), sum(output));
  }
};

std::string check_raw_on(const GoldenCase& golden, const std::shared_ptr<Cell>& cell, const std::string& executor) {
  const bool feedback = golden.options().at("loop") == "feedback";
  const GoldenLoop loop{golden, *cell, feedback, golden.tensor("input"), golden.tensor("sequence_length")};
  const v1::RawRnnResult result = v1::raw_rnn(cell, loop, {.plan = {.executor = executor}});
  std::string text = difference(golden, "expected/emit", result.emit);
  text += difference(golden, "expected/state", result.state);
  if (result.loop_state.has_value() != feedback) return text + "a loop state is there, or is missing\n";
  return feedback ? text + difference(golden, "expected/loop_state", *result.loop_state) : text;
}

}  // namespace

std::string check_dynamic_rnn(const GoldenCase& golden) {
  const std::shared_ptr<Cell> cell = make_v1_cell(golden, golden.description().at("cell"), "weight/");
  return on_executors(planned_work(golden, {cell.get()}),
                      [&](const std::string& executor) { return check_dynamic_on(golden, executor); });
}

std::string check_bidirectional_rnn(const GoldenCase& golden) {
  const std::shared_ptr<Cell> fw = make_direction(golden, "fw");
  const std::shared_ptr<Cell> bw = make_direction(golden, "bw");
  return on_executors(planned_work(golden, {fw.get(), bw.get()}),
                      [&](const std::string& executor) { return check_bidirectional_on(golden, executor); });
}

std::string check_raw_rnn(const GoldenCase& golden) {
  const std::shared_ptr<Cell> cell = make_v1_cell(golden, golden.description().at("cell"), "weight/");
  const auto lengths = golden.tensor("sequence_length").to(DType::i64).to_vector<std::int64_t>();
  PlannedWork work{.certain = std::ranges::any_of(lengths, [](std::int64_t length) { return length > 0; })};
  add_specs(*cell, 1, golden.tensor("input").size(1), work);
  return on_executors(work, [&](const std::string& executor) { return check_raw_on(golden, cell, executor); });
}

std::string check_contrib_rnn(const GoldenCase& golden) {
  const std::vector<Tensor> constants = golden.tensors("constants");
  const std::vector<Tensor> states = golden.tensors("initial_state");
  const RnnResult result = contrib::rnn(step_function(golden), golden.tensor("input"), {states.begin(), states.end()},
                                        {.go_backwards = golden.option("go_backwards"),
                                         .mask = golden.optional_tensor("mask"),
                                         .constants = {constants.begin(), constants.end()},
                                         .unroll = golden.option("unroll")});
  return difference(golden, "expected/output", result.outputs) +
         difference(golden, "expected/last_output", result.last_output) +
         difference(golden, "expected/state", Nest::tuple(result.new_states));
}

}  // namespace rondo::golden
