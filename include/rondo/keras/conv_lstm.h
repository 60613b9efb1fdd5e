/// Convolutional LSTMs, as `tf.keras.layers.ConvLSTM1D`, `ConvLSTM2D` and `ConvLSTM3D`. Floor 6.
///
/// Source: https://www.tensorflow.org/api_docs/python/tf/keras/layers/ConvLSTM2D (TensorFlow 2.9). An image is what
/// stands at one time step: N spatial axes and one of channels.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "rondo/keras/layers.h"
#include "rondo/ops/ops.h"

namespace rondo {

/// Where the channels of an image are.
enum class DataFormat : std::uint8_t { channels_last, channels_first };

/// Configures ConvLSTMCell, with the names and defaults of `tf.keras.layers.ConvLSTM2D`.
struct ConvLSTMCellOptions {
  std::int64_t filters = 0;
  /// Of each spatial axis, as those of strides and dilation_rate; one number alone is for all of them.
  std::vector<std::int64_t> kernel_size = {};
  std::vector<std::int64_t> strides = {1};
  ConvolutionPadding padding = ConvolutionPadding::valid;
  DataFormat data_format = DataFormat::channels_last;
  std::vector<std::int64_t> dilation_rate = {1};
  Activation activation = Activation::tanh;
  Activation recurrent_activation = Activation::hard_sigmoid;  ///< Keras 3's default is sigmoid
  bool use_bias = true;
};

/// c' = f c + i g, h' = o activation(c') as an LSTM, whose gates i f g o come from x * W + b + h * U: * is convolution,
/// of x as the options say, of h with padding "same" and neither strides nor dilation. States: h, c, both images of
/// `filters` channels, as large as what the convolution of x gives.
///
/// Written with ops, so it runs step by step on any device, and at 16 bits rounds after each. It takes the size of its
/// images from the inputs, so a StackedRNNCells, which asks before there are any, cannot have it.
class ConvLSTMCell final : public Cell {
 public:
  /// Weights in Keras's layout: kernel (K..., C, 4 F), recurrent_kernel (K..., F, 4 F), bias (4 F), K being kernel_size
  /// and F filters. Throws `ValueError` for weights of other shapes or dtypes, a kernel of other than 1 to 3 spatial
  /// axes, numbers below 1, and strides together with a dilation_rate, which Keras excludes too.
  ConvLSTMCell(const ConvLSTMCellOptions& options, RecurrentWeights weights);

  int spatial_rank() const { return weights_.kernel.rank() - 2; }

  /// Throws `ValueError` before the first inputs.
  SizeNest state_size() const override;
  void build(const SizeNest& input_shape) override;
  StepResult call(const Nest& inputs, const States& states, const CellContext& context) override;
  /// Zeros. Throws `ValueError` for inputs that are no images of the kernel's channels.
  States get_initial_state(const InitialStateRequest& request) const override;

 private:
  Shape channels_last(const Shape& image) const;
  Shape state_shape(const Shape& image) const;

  ConvLSTMCellOptions options_;
  RecurrentWeights weights_;
  std::optional<Shape> state_shape_ = std::nullopt;
};

/// Configures ConvLSTM1D, 2D and 3D: the members are those of ConvLSTMCellOptions and of RNNOptions.
struct ConvLSTMOptions {
  std::int64_t filters = 0;
  std::vector<std::int64_t> kernel_size = {};
  std::vector<std::int64_t> strides = {1};
  ConvolutionPadding padding = ConvolutionPadding::valid;
  DataFormat data_format = DataFormat::channels_last;
  std::vector<std::int64_t> dilation_rate = {1};
  Activation activation = Activation::tanh;
  Activation recurrent_activation = Activation::hard_sigmoid;
  bool use_bias = true;
  bool return_sequences = false;
  bool return_state = false;
  bool go_backwards = false;
  bool stateful = false;
  bool zero_output_for_mask = false;
};

/// Inputs (B, T, rows, C), with channels_first (B, T, C, rows); outputs the same with F channels. Throws `ValueError`
/// as ConvLSTMCell, and for a kernel of another number of spatial axes than the name says.
class ConvLSTM1D : public RNN {
 public:
  ConvLSTM1D(const ConvLSTMOptions& options, RecurrentWeights weights);
};

/// Inputs (B, T, rows, columns, C).
class ConvLSTM2D : public RNN {
 public:
  ConvLSTM2D(const ConvLSTMOptions& options, RecurrentWeights weights);
};

/// Inputs (B, T, depth, rows, columns, C).
class ConvLSTM3D : public RNN {
 public:
  ConvLSTM3D(const ConvLSTMOptions& options, RecurrentWeights weights);
};

}  // namespace rondo
