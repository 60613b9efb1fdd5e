// Runs cells of TensorFlow 1 that dynamic_rnn ran.
#include "rondo/formats/tf1_weights.h"
#include "rondo/plan/plan.h"
#include "units/formats/golden_file.h"

namespace rondo::golden {
namespace {

struct Tf1Result {
  Tensor output;  // (T, B, P or H)
  std::vector<Tensor> states;
};

Tf1Result run_planned(const GoldenFile& golden, const RecurrentWeights& weights, const Tensor& x) {
  const std::int64_t T = x.size(0);
  const std::int64_t B = x.size(1);
  CellSpec cell{.kind = golden.kind(),
                .units = weights.recurrent_kernel.size(1) / gate_count(golden.kind()),
                .reset_after = false,
                .use_peepholes = weights.peepholes.has_value()};
  if (weights.projection) cell.projection_units = weights.projection->size(1);
  const std::optional<Tensor> lengths = golden.optional_tensor("lengths");
  const RecurrenceSpec spec{.cell = cell,
                            .T = T,
                            .B = B,
                            .I = x.size(2),
                            .dtype = x.dtype(),
                            .rules = TimeRules::dynamic_rnn(),
                            .has_lengths = lengths.has_value()};
  Tf1Result result{.output = Tensor::empty({T, B, output_units(cell)}, x.dtype()), .states = {}};
  for (int state = 0; state < state_count(golden.kind()); ++state) {
    result.states.push_back(Tensor::empty({B, state_units(cell, state)}, x.dtype()));
  }
  Session(Plan::create(spec), weights)
      .run({.x = x, .lengths = lengths, .y = result.output, .final_state = result.states});
  return result;
}

}  // namespace

std::string check_tf1(const GoldenFile& golden) {
  const NumpyArchive variables("golden variables", golden.tensors().tensors());
  const RecurrentWeights weights = tf1_weights(variables, {.kind = golden.kind(),
                                                           .prefix = golden.description().at("prefix"),
                                                           .forget_bias = golden.description().at("forget_bias")});
  const Tensor x = golden.tensor("x").swap_axes(0, 1);
  const Tf1Result result = run_planned(golden, weights, x);
  std::string differences = difference(golden, "output", result.output.swap_axes(0, 1));
  differences += difference(golden, "h", result.states[0]);
  if (golden.kind() == CellKind::lstm) differences += difference(golden, "c", result.states[1]);
  return differences;
}

}  // namespace rondo::golden
