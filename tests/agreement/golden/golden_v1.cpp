// The cases of dynamic_rnn, bidirectional_dynamic_rnn and raw_rnn, and of contrib's rnn.

#include <algorithm>

#include "agreement/golden/golden_case.h"
#include "agreement/golden/golden_steps.h"
#include "agreement/golden/golden_v1_cells.h"
#include "rondo/ops/ops.h"
#include "rondo/tf1/contrib.h"
#include "rondo/tf1/v1.h"
#include "support/executors.h"

namespace rondo::golden {
namespace {

// Whether the executor accepts all known cells in `cell`.
bool accepts(const GoldenCase& golden, const std::string& executor, const Cell& cell) {
  if (const auto* stack = dynamic_cast<const v1::MultiRNNCell*>(&cell)) {
    return std::ranges::all_of(stack->cells(), [&](const auto& inner) { return accepts(golden, executor, *inner); });
  }
  const auto* of_v1 = dynamic_cast<const v1::RNNCell*>(&cell);
  if (of_v1 == nullptr || of_v1->known() == nullptr) return true;
  const std::vector<std::string> names =
      test::executors_for({.cell = of_v1->known()->spec(), .dtype = golden.dtype(), .device = golden.device()});
  return std::ranges::find(names, executor) != names.end();
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
  if (!accepts(golden, executor, *cell)) return {};
  auto options = options_of<v1::DynamicRnnOptions>(golden, executor);
  options.initial_state = v1_state(golden, *cell, "initial_state");
  std::string text;
  for (const Device place : {golden.device(), cpu()}) {  // lengths may be on the host, whatever the device
    if (options.sequence_length) options.sequence_length = options.sequence_length->to(place);
    const v1::DynamicRnnResult result = v1::dynamic_rnn(cell, golden.nest("input"), options);
    text += difference(golden, "expected/output", result.outputs) + difference(golden, "expected/state", result.state);
  }
  return text;
}

std::string check_bidirectional_on(const GoldenCase& golden, const std::string& executor) {
  const nlohmann::json& cells = golden.description().at("cells");
  const std::shared_ptr<Cell> fw = make_v1_cell(golden, cells.at("fw"), "weight/fw/");
  const std::shared_ptr<Cell> bw = make_v1_cell(golden, cells.at("bw"), "weight/bw/");
  if (!accepts(golden, executor, *fw) || !accepts(golden, executor, *bw)) return {};
  auto options = options_of<v1::BidirectionalRnnOptions>(golden, executor);
  options.initial_state_fw = v1_state(golden, *fw, "initial_state_fw");
  options.initial_state_bw = v1_state(golden, *bw, "initial_state_bw");
  const v1::BidirectionalRnnResult result = v1::bidirectional_dynamic_rnn(fw, bw, golden.nest("input"), options);
  return difference(golden, "expected/output_fw", result.outputs.fw) +
         difference(golden, "expected/output_bw", result.outputs.bw) +
         difference(golden, "expected/state_fw", result.output_states.fw) +
         difference(golden, "expected/state_bw", result.output_states.bw);
}

template <typename Check>
std::string on_executors(const GoldenCase& golden, const Check& check) {
  std::string text;
  for (const std::string& executor : executors_of(golden)) {
    const std::string differences = check(golden, executor);
    if (!differences.empty()) text += "on " + executor + ": " + differences;
  }
  return text;
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

}  // namespace

std::string check_dynamic_rnn(const GoldenCase& golden) { return on_executors(golden, check_dynamic_on); }

std::string check_bidirectional_rnn(const GoldenCase& golden) { return on_executors(golden, check_bidirectional_on); }

std::string check_raw_rnn(const GoldenCase& golden) {
  const std::shared_ptr<Cell> cell = make_v1_cell(golden, golden.description().at("cell"), "weight/");
  const bool feedback = golden.options().at("loop") == "feedback";
  const GoldenLoop loop{golden, *cell, feedback, golden.tensor("input"), golden.tensor("sequence_length")};
  const v1::RawRnnResult result = v1::raw_rnn(cell, loop);
  std::string text = difference(golden, "expected/emit", result.emit);
  text += difference(golden, "expected/state", result.state);
  if (result.loop_state.has_value() != feedback) return text + "a loop state is there, or is missing\n";
  return feedback ? text + difference(golden, "expected/loop_state", *result.loop_state) : text;
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
