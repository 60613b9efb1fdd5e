// Pullbacks of ConvLSTMs in f64 against finite differences of their calls.

#include <gtest/gtest.h>

#include "rondo/keras/conv_lstm.h"
#include "support/finite_differences.h"
#include "support/seeds.h"

namespace rondo::test {
namespace {

struct RandomConvLSTM {
  ConvLSTMCellOptions cell;
  RNNOptions options;
  CallOptions call;
  Tensor x;
  RecurrentWeights weights;
  int axes = 1;

  explicit RandomConvLSTM(Random& random) {
    axes = static_cast<int>(random.integer(1, 3));
    const bool strided = random.coin();
    cell = {.filters = random.integer(1, 2), .strides = {}, .dilation_rate = {}};
    cell.padding = random.coin() ? ConvolutionPadding::valid : ConvolutionPadding::same;
    cell.data_format = random.coin() ? DataFormat::channels_last : DataFormat::channels_first;
    cell.recurrent_activation = random.coin() ? Activation::sigmoid : Activation::hard_sigmoid;
    cell.use_bias = random.coin();
    const std::int64_t C = random.integer(1, 2);
    const std::int64_t T = random.integer(1, 3);
    const std::int64_t B = random.integer(1, 2);
    Shape image;
    Shape kernel;
    for (int axis = 0; axis < axes; ++axis) {
      cell.kernel_size.push_back(random.integer(1, 3));
      cell.strides.push_back(strided ? random.integer(1, 2) : 1);
      cell.dilation_rate.push_back(strided ? 1 : random.integer(1, 2));
      image = image.insert(image.rank(), random.integer(5, 6));
      kernel = kernel.insert(kernel.rank(), cell.kernel_size.back());
    }
    const bool last = cell.data_format == DataFormat::channels_last;
    x = random.tensor(image.insert(last ? image.rank() : 0, C).insert(0, T).insert(0, B), 1.0, DType::f64);
    const auto kernel_of = [&](std::int64_t channels) {
      const Shape before = kernel.insert(kernel.rank(), channels);
      return random.tensor(before.insert(before.rank(), 4 * cell.filters), 0.2, DType::f64);
    };
    weights = {.kernel = kernel_of(C), .recurrent_kernel = kernel_of(cell.filters)};
    if (cell.use_bias) weights.bias = random.tensor({4 * cell.filters}, 0.2, DType::f64);
    options = {.return_sequences = random.coin(), .return_state = true, .go_backwards = random.coin()};
    call.gradients = true;
    if (random.coin()) return;
    call.mask = Tensor::empty({B, T}, DType::boolean);
    for (std::int64_t k = 0; k < B * T; ++k) call.mask->data<bool>()[k] = random.coin(0.6);
  }

  LayerResult at(const Point& point) const {
    RecurrentWeights moved{.kernel = point.weights[0], .recurrent_kernel = point.weights[1]};
    if (cell.use_bias) moved.bias = point.weights[2];
    CallOptions moved_call = call;
    moved_call.initial_state = point.initial_state;
    return RNN(std::make_shared<ConvLSTMCell>(cell, moved), options)(point.inputs, moved_call);
  }
};

TEST(ConvLSTMGradients, AreThoseOfFiniteDifferences) {
  for_each_seed([&](std::uint64_t seed) {
    Random random(seed);
    const RandomConvLSTM layer(random);
    Point from(layer.x, {}, {}, {layer.weights.kernel, layer.weights.recurrent_kernel});
    if (layer.weights.bias) from.weights.push_back(*layer.weights.bias);
    const LayerResult first = layer.at(from);
    if (random.coin()) {
      for (const Nest& state : first.states) {
        from.initial_state.emplace_back(random.tensor(state.leaf().shape(), 0.5, DType::f64));
      }
    }
    const LayerResult result = layer.at(from);
    const ResultGradients given = random_result_gradients(random, result);
    const Point gradients(result.pullback(given.output, given.states));
    expect_derivative(
        random, from, gradients, [&](const Point& point) { return layer.at(point); }, given);
  });
}

}  // namespace
}  // namespace rondo::test
