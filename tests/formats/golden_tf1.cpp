// Cells of TensorFlow 1 that dynamic_rnn ran.
#include "formats/golden_file.h"
#include "formats/golden_lstm.h"
#include "rondo/plan.h"
#include "rondo/tf1_weights.h"

namespace rondo::golden {
namespace {

struct Tf1Result {
  Tensor output;  // (T, B, H)
  std::vector<Tensor> states;
};

Tf1Result run_planned(const GoldenFile& golden, const RecurrentWeights& weights, const Tensor& x) {
  const std::int64_t T = x.size(0);
  const std::int64_t B = x.size(1);
  const std::int64_t H = weights.recurrent_kernel.size(0);
  const std::optional<Tensor> lengths = golden.optional_tensor("lengths");
  const RecurrenceSpec spec{.cell = {.kind = golden.kind(), .units = H, .reset_after = false},
                            .T = T,
                            .B = B,
                            .I = x.size(2),
                            .dtype = x.dtype(),
                            .dead_output = DeadOutput::zeros,
                            .has_lengths = lengths.has_value()};
  Tf1Result result{.output = Tensor::empty({T, B, H}, x.dtype()), .states = {}};
  for (int state = 0; state < state_count(golden.kind()); ++state) {
    result.states.push_back(Tensor::empty({B, H}, x.dtype()));
  }
  Session(Plan::create(spec), weights)
      .run({.x = x, .lengths = lengths, .y = result.output, .final_state = result.states});
  return result;
}

}  // namespace

std::string check_tf1(const GoldenFile& golden) {
  const NumpyArchive variables("golden variables", golden.tensors().tensors());
  const Tf1Weights found = tf1_weights(variables, {.kind = golden.kind(),
                                                   .prefix = golden.description().at("prefix"),
                                                   .forget_bias = golden.description().at("forget_bias")});
  const Tensor x = golden.tensor("x").swap_axes(0, 1);
  Tf1Result result;
  if (found.peepholes || found.weights.projection) {
    const LstmResult lstm = run_lstm(
        {.weights = found.weights, .peepholes = found.peepholes, .x = x, .lengths = golden.optional_tensor("lengths")});
    result = {lstm.y, lstm.states};
  } else {
    result = run_planned(golden, found.weights.cell, x);
  }
  std::string differences = difference(golden, "output", result.output.swap_axes(0, 1));
  differences += difference(golden, "h", result.states[0]);
  if (golden.kind() == CellKind::lstm) differences += difference(golden, "c", result.states[1]);
  return differences;
}

}  // namespace rondo::golden
