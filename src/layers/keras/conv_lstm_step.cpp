// One step of a ConvLSTMCell, and its gradients.

#include <algorithm>
#include <numeric>

#include "layers/keras/convolution_gradients.h"
#include "recurrence/cells/lstm.h"
#include "recurrence/tensor_step.h"
#include "rondo/keras/conv_lstm.h"

namespace rondo {
namespace {

// A view of a batch of images (B, C, ...) as (B, ..., C), or the reverse.
Tensor move_channels(const Tensor& image, bool to_last) {
  std::vector<int> order(static_cast<std::size_t>(image.rank()));
  std::iota(order.begin(), order.end(), 0);
  if (to_last) {
    std::rotate(order.begin() + 1, order.begin() + 2, order.end());
  } else {
    std::rotate(order.begin() + 1, order.end() - 1, order.end());
  }
  return image.transpose(order);
}

/// A step over images whose channels are last.
struct ConvLSTMStep {
  ConvLSTMCellOptions options;
  RecurrentWeights weights;
  Tensor x;
  Tensor h;
  Tensor c;

  UnitStates<TensorValue> run(std::vector<TensorValue>& kept) const;
  StepGradients gradients(const std::vector<TensorValue>& kept, const Tensor& d_h, const Tensor& d_c) const;

 private:
  ConvolutionOptions of_inputs() const {
    return {.strides = options.strides, .padding = options.padding, .dilation = options.dilation_rate};
  }
  ConvolutionOptions of_states() const { return {.padding = ConvolutionPadding::same}; }
  Activations activations() const { return {options.activation, options.recurrent_activation}; }
  UnitStates<TensorValue> previous() const { return {.c = c}; }  // the formula reads no h
};

UnitStates<TensorValue> ConvLSTMStep::run(std::vector<TensorValue>& kept) const {
  Tensor sums = convolution(x, weights.kernel, of_inputs());
  if (weights.bias) sums = add(sums, *weights.bias);
  sums = add(sums, convolution(h, weights.recurrent_kernel, of_states()));
  const std::vector<Tensor> gates = split(sums, 4);
  const TensorValue gate_sums[] = {gates[0], gates[1], gates[2], gates[3]};
  const TensorValue nothing_more[4];  // gate_sums already include the products of h
  return LstmFormula::step(gate_sums, nothing_more, previous(), activations(), KeepTensors{kept});
}

StepGradients ConvLSTMStep::gradients(const std::vector<TensorValue>& kept, const Tensor& d_h,
                                      const Tensor& d_c) const {
  const UnitGradient<TensorValue, 4> unit =
      LstmFormula::backward(kept.data(), previous(), UnitStates<TensorValue>{d_h, d_c}, activations());
  std::vector<Tensor> gates;
  for (const TensorValue& gate : unit.input) gates.push_back(gate.tensor());
  const Tensor d_sums = concat(gates);
  const ConvolutionGradients of_x = convolution_gradients(x, weights.kernel, of_inputs(), d_sums);
  const ConvolutionGradients of_h = convolution_gradients(h, weights.recurrent_kernel, of_states(), d_sums);
  StepGradients result{
      .inputs = of_x.x, .states = {of_h.x, unit.previous.c.tensor()}, .constants = {of_x.kernel, of_h.kernel}};
  if (!weights.bias) return result;
  std::vector<int> axes(static_cast<std::size_t>(d_sums.rank() - 1));
  std::iota(axes.begin(), axes.end(), 0);
  result.constants.emplace_back(sum(d_sums, axes));
  return result;
}

}  // namespace

// A step is computed with channels last, whatever the order of the images' axes.
StepWithPullback ConvLSTMCell::call_with_pullback(const Nest& inputs, const States& states, const CellContext&) {
  const bool first = options_.data_format == DataFormat::channels_first;
  const auto to_last = [first](const Tensor& image) { return first ? move_channels(image, true) : image; };
  const auto back = [first](const Tensor& image) { return first ? move_channels(image, false) : image; };
  const ConvLSTMStep step{.options = options_,
                          .weights = weights_,
                          .x = to_last(inputs.leaf()),
                          .h = to_last(states[0].leaf()),
                          .c = to_last(states[1].leaf())};
  std::vector<TensorValue> kept;
  const UnitStates<TensorValue> next = step.run(kept);
  const auto pullback = [=](const Nest& d_output, const States& d_states) {
    const Tensor d_h = add(d_output.leaf(), d_states[0].leaf());
    StepGradients gradients = step.gradients(kept, to_last(d_h), to_last(d_states[1].leaf()));
    gradients.inputs = gradients.inputs.map(back);
    for (Nest& state : gradients.states) state = state.map(back);
    return gradients;
  };
  const Tensor h = back(next.h.tensor());
  return {h, {h, back(next.c.tensor())}, pullback};
}

StepResult ConvLSTMCell::call(const Nest& inputs, const States& states, const CellContext& context) {
  StepWithPullback step = call_with_pullback(inputs, states, context);
  return {std::move(step.output), std::move(step.states)};
}

std::vector<Tensor> ConvLSTMCell::weight_list() const {
  std::vector<Tensor> list = {weights_.kernel, weights_.recurrent_kernel};
  if (weights_.bias) list.push_back(*weights_.bias);
  return list;
}

}  // namespace rondo
