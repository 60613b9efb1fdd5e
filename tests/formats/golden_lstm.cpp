#include "formats/golden_lstm.h"

#include "rondo/ops.h"
#include "rondo/rnn.h"

namespace rondo::golden {
namespace {

/// Each row turned around within its length.
Tensor turned(const Tensor& x, const std::optional<Tensor>& lengths) {
  const Tensor result = x.clone();
  for (std::int64_t b = 0; b < x.size(1); ++b) {
    const std::int64_t end = lengths ? lengths->to_vector<std::int32_t>()[static_cast<std::size_t>(b)] : x.size(0);
    for (std::int64_t t = 0; t < end; ++t) {
      result.select(1, b).select(0, t).copy_from(x.select(1, b).select(0, end - 1 - t));
    }
  }
  return result;
}

Tensor peep(const LstmSequence& sequence, const Tensor& x, int row, const Tensor& c) {
  return sequence.peepholes ? add(x, mul(sequence.peepholes->select(0, row), c)) : x;
}

StepResult step(const LstmSequence& sequence, const Tensor& x, const States& states) {
  const RecurrentWeights& weights = sequence.weights.cell;
  const Tensor c = states[1];
  Tensor z = add(dot(x, weights.kernel), dot(states[0], weights.recurrent_kernel));
  if (weights.bias) z = add(z, *weights.bias);
  const std::vector<Tensor> gates = split(z, 4);
  const Tensor i = sigmoid(peep(sequence, gates[0], 0, c));
  const Tensor f = sigmoid(peep(sequence, gates[1], 1, c));
  const Tensor new_c = add(mul(f, c), mul(i, tanh(gates[2])));
  const Tensor m = mul(sigmoid(peep(sequence, gates[3], 2, new_c)), tanh(new_c));
  const Tensor h = sequence.weights.projection ? dot(m, *sequence.weights.projection) : m;
  return {h, {h, new_c}};
}

}  // namespace

LstmResult run_lstm(const LstmSequence& sequence) {
  const std::int64_t B = sequence.x.size(1);
  const RecurrentWeights& weights = sequence.weights.cell;
  States states(sequence.states.begin(), sequence.states.end());
  if (states.empty()) {
    states = {Tensor::zeros({B, weights.recurrent_kernel.size(0)}, sequence.x.dtype()),
              Tensor::zeros({B, weights.recurrent_kernel.size(1) / 4}, sequence.x.dtype())};
  }
  RnnOptions options{.time_major = true, .zero_output_for_mask = true};
  if (sequence.lengths) options.input_length = *sequence.lengths;
  const Tensor x = sequence.reversed ? turned(sequence.x, sequence.lengths) : sequence.x;
  const RnnResult result =
      rnn([&](const Nest& inputs, const States& old, const Constants&) { return step(sequence, inputs, old); }, x,
          states, options);
  const Tensor y = result.outputs;
  return {sequence.reversed ? turned(y, sequence.lengths) : y, {result.new_states[0], result.new_states[1]}};
}

}  // namespace rondo::golden
