#include "rondo/keras/conv_lstm.h"

#include <algorithm>

#include "rondo/vocabulary/error.h"
#include "tensor/requirement.h"

namespace rondo {
namespace {

// Returns one number for each of `axes` axes, repeating a single number. Throws for another count, and below 1.
std::vector<std::int64_t> spread(const char* name, const std::vector<std::int64_t>& numbers, int axes) {
  if (std::ssize(numbers) != axes && numbers.size() != 1) {
    throw ValueError(name, std::to_string(numbers.size()) + " numbers", "one, or " + std::to_string(axes));
  }
  for (const std::int64_t number : numbers) {
    if (number < 1) throw ValueError(name, std::to_string(number), "1 or more");
  }
  return numbers.size() == 1 ? std::vector<std::int64_t>(static_cast<std::size_t>(axes), numbers[0]) : numbers;
}

bool all_ones(const std::vector<std::int64_t>& numbers) {
  return std::all_of(numbers.begin(), numbers.end(), [](std::int64_t number) { return number == 1; });
}

ConvLSTMCellOptions checked(ConvLSTMCellOptions options, const RecurrentWeights& weights) {
  const Tensor& kernel = weights.kernel;
  if (!kernel.defined() || kernel.rank() < 3 || kernel.rank() > 5 || !is_floating(kernel.dtype())) {
    throw ValueError("kernel", kernel.defined() ? describe(kernel) : "none", "floats (K..., C, 4 F), 1 to 3 of K");
  }
  const int axes = kernel.rank() - 2;
  options.kernel_size = spread("kernel_size", options.kernel_size, axes);
  options.strides = spread("strides", options.strides, axes);
  options.dilation_rate = spread("dilation_rate", options.dilation_rate, axes);
  if (options.filters < 1) throw ValueError("filters", std::to_string(options.filters), "1 or more");
  if (!all_ones(options.strides) && !all_ones(options.dilation_rate)) {
    throw ValueError("dilation_rate", "one above 1, and so are strides", "1 where strides are not, or strides of 1");
  }
  Shape shape;
  for (const std::int64_t size : options.kernel_size) shape = shape.insert(shape.rank(), size);
  const auto with_channels = [&](std::int64_t channels) {
    const Shape before = shape.insert(shape.rank(), channels);
    return before.insert(before.rank(), 4 * options.filters);
  };
  check_tensor(kernel, {"kernel", with_channels(kernel.size(-2)), kernel.dtype()});
  check_tensor(weights.recurrent_kernel, {"recurrent_kernel", with_channels(options.filters), kernel.dtype()});
  check_presence("bias", weights.bias, options.use_bias,
                 options.use_bias ? "as use_bias is true" : "as use_bias is false");
  if (options.use_bias) check_tensor(*weights.bias, {"bias", {4 * options.filters}, kernel.dtype()});
  return options;
}

std::shared_ptr<Cell> make_cell(const ConvLSTMCellOptions& options, RecurrentWeights weights, int axes) {
  auto cell = std::make_shared<ConvLSTMCell>(options, std::move(weights));
  if (cell->spatial_rank() != axes) {
    throw ValueError("kernel", std::to_string(cell->spatial_rank()) + " spatial axes", std::to_string(axes));
  }
  return cell;
}

}  // namespace

ConvLSTMCell::ConvLSTMCell(const ConvLSTMCellOptions& options, RecurrentWeights weights)
    : options_(checked(options, weights)), weights_(std::move(weights)) {}

Shape ConvLSTMCell::channels_last(const Shape& image) const {
  if (options_.data_format == DataFormat::channels_last) return image;
  return image.erase(1).insert(image.rank() - 1, image[1]);
}

Shape ConvLSTMCell::state_shape(const Shape& image) const {
  const std::int64_t C = weights_.kernel.size(-2);
  const bool last = options_.data_format == DataFormat::channels_last;
  if (image.rank() != spatial_rank() + 2 || image[last ? -1 : 1] != C) {
    throw ValueError("inputs", "images of shape " + to_string(image),
                     std::to_string(spatial_rank()) + " spatial axes and " + std::to_string(C) + " channels " +
                         (last ? "behind" : "before") + " them");
  }
  Shape kernel = weights_.kernel.shape();
  kernel[-1] = options_.filters;
  const Shape state =
      convolution_shape(channels_last(image), kernel,
                        {.strides = options_.strides, .padding = options_.padding, .dilation = options_.dilation_rate});
  return last ? state : state.erase(-1).insert(1, state[-1]);
}

SizeNest ConvLSTMCell::state_size() const {
  if (!state_shape_) throw ValueError("state_size", "a ConvLSTMCell before its first inputs", "a call before it");
  return SizeNest::tuple({*state_shape_, *state_shape_});
}

void ConvLSTMCell::build(const SizeNest& input_shape) { state_shape_ = state_shape(input_shape.leaf()).erase(0); }

States ConvLSTMCell::get_initial_state(const InitialStateRequest& request) const {
  const std::vector<Tensor> leaves = request.inputs.flatten();
  if (leaves.empty()) return Cell::get_initial_state(request);  // reset_states: the size of the earlier images
  if (leaves.size() != 1) throw ValueError("inputs", std::to_string(leaves.size()) + " tensors", "one");
  // The first two axes are time and batch, in either order; the axes behind them are an image's.
  const Shape state = state_shape(leaves[0].shape().erase(0)).erase(0).insert(0, request.batch_size);
  const auto zeros = [&] { return Tensor::zeros(state, request.dtype, request.device); };
  return {zeros(), zeros()};
}

ConvLSTM1D::ConvLSTM1D(const ConvLSTMCellOptions& cell, RecurrentWeights weights, const RNNOptions& options)
    : RNN(make_cell(cell, std::move(weights), 1), options) {}

ConvLSTM2D::ConvLSTM2D(const ConvLSTMCellOptions& cell, RecurrentWeights weights, const RNNOptions& options)
    : RNN(make_cell(cell, std::move(weights), 2), options) {}

ConvLSTM3D::ConvLSTM3D(const ConvLSTMCellOptions& cell, RecurrentWeights weights, const RNNOptions& options)
    : RNN(make_cell(cell, std::move(weights), 3), options) {}

}  // namespace rondo
