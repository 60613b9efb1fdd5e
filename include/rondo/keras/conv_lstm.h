/// Convolutional LSTMs, as `tf.keras.layers.ConvLSTM1D`, `ConvLSTM2D` and `ConvLSTM3D`.
///
/// Source: https://www.tensorflow.org/api_docs/python/tf/keras/layers/ConvLSTM2D (TensorFlow 2.9). The input of one
/// time step is an image, which has N spatial axes and one axis of channels.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "rondo/keras/layers.h"
#include "rondo/ops/ops.h"

namespace rondo {

/// The position of an image's axis of channels.
enum class DataFormat : std::uint8_t { channels_last, channels_first };

/// Configures ConvLSTMCell, with the names and defaults of `tf.keras.layers.ConvLSTM2D`.
struct ConvLSTMCellOptions {
  std::int64_t filters = 0;
  /// One number for each spatial axis, or a single number for all; strides and dilation_rate the same.
  std::vector<std::int64_t> kernel_size = {};
  std::vector<std::int64_t> strides = {1};
  ConvolutionPadding padding = ConvolutionPadding::valid;
  DataFormat data_format = DataFormat::channels_last;
  std::vector<std::int64_t> dilation_rate = {1};
  Activation activation = Activation::tanh;
  Activation recurrent_activation = Activation::hard_sigmoid;  ///< Keras 3's default is sigmoid
  bool use_bias = true;
};

/// c' = f c + i g, h' = o activation(c') as in an LSTM, where x * W + b + h * U has the sums of gates i f g o and * is
/// convolution. The convolution of x has the strides, padding and dilation of the options; that of h has padding "same"
/// and no strides or dilation. States: h, c, both images with `filters` channels and the size of the convolution of x.
///
/// The cell is written with ops, so it runs step by step on any device, and at 16 bits every op rounds. It gets the
/// size of its images from the inputs, so it cannot be in StackedRNNCells, which ask for sizes before the first inputs.
class ConvLSTMCell final : public Cell {
 public:
  /// Makes a cell of weights in Keras's layout: kernel (K..., C, 4 F), recurrent_kernel (K..., F, 4 F), bias (4 F),
  /// where K is kernel_size and F is filters. Throws `ValueError` for weights of other shapes or dtypes, a kernel of
  /// other than 1 to 3 spatial axes, numbers below 1, and strides together with a dilation_rate, which Keras excludes
  /// too.
  ConvLSTMCell(const ConvLSTMCellOptions& options, RecurrentWeights weights);

  int spatial_rank() const { return weights_.kernel.rank() - 2; }

  /// Throws `ValueError` before the first inputs.
  SizeNest state_size() const override;
  void build(const SizeNest& input_shape) override;
  StepResult call(const Nest& inputs, const States& states, const CellContext& context) override;
  StepWithPullback call_with_pullback(const Nest& inputs, const States& states, const CellContext& context) override;
  std::vector<Tensor> weight_list() const override;
  /// Returns zeros. Throws `ValueError` for inputs that are not images with the kernel's number of channels.
  States get_initial_state(const InitialStateRequest& request) const override;

 private:
  Shape channels_last(const Shape& image) const;
  Shape state_shape(const Shape& image) const;

  ConvLSTMCellOptions options_;
  RecurrentWeights weights_;
  std::optional<Shape> state_shape_ = std::nullopt;
};

/// Inputs are (B, T, rows, C), with channels_first (B, T, C, rows); outputs have F channels in place of C. The
/// constructor throws `ValueError` as ConvLSTMCell, and for a kernel with another number of spatial axes than 1.
class ConvLSTM1D : public RNN {
 public:
  ConvLSTM1D(const ConvLSTMCellOptions& cell, RecurrentWeights weights, const RNNOptions& options = {});
};

/// ConvLSTM1D with two spatial axes: inputs are (B, T, rows, columns, C).
class ConvLSTM2D : public RNN {
 public:
  ConvLSTM2D(const ConvLSTMCellOptions& cell, RecurrentWeights weights, const RNNOptions& options = {});
};

/// ConvLSTM1D with three spatial axes: inputs are (B, T, depth, rows, columns, C).
class ConvLSTM3D : public RNN {
 public:
  ConvLSTM3D(const ConvLSTMCellOptions& cell, RecurrentWeights weights, const RNNOptions& options = {});
};

}  // namespace rondo
