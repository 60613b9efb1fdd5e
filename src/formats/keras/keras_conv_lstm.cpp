#include <array>

#include "formats/keras/keras_recurrent.h"
#include "rondo/vocabulary/error.h"

namespace rondo {
namespace {

/// A text of the configuration that has one of two values.
bool is_first(const KerasFields& config, const char* key, const char* first, const char* second) {
  const std::string value = config.text(key, first);
  if (value != first && value != second) {
    throw ValueError(config.where() + ": " + key, "'" + value + "'", std::string(first) + " or " + second);
  }
  return value == first;
}

}  // namespace

int conv_lstm_rank(const std::string& class_name) {
  const std::array<const char*, 3> classes{"ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D"};
  for (std::size_t k = 0; k < classes.size(); ++k) {
    if (class_name == classes[k]) return static_cast<int>(k) + 1;
  }
  return 0;
}

KerasConvLSTMConfiguration parse_keras_conv_lstm(const std::string& class_name, const KerasFields& config) {
  KerasConvLSTMConfiguration layer;
  layer.spatial_rank = conv_lstm_rank(class_name);
  layer.options = parse_rnn_options(config);
  layer.dropout = config.number("dropout", 0);
  layer.recurrent_dropout = config.number("recurrent_dropout", 0);
  ConvLSTMCellOptions& cell = layer.cell;
  cell.filters = config.count("filters");
  cell.kernel_size = config.counts("kernel_size", {});
  cell.strides = config.counts("strides", {1});
  cell.dilation_rate = config.counts("dilation_rate", {1});
  cell.padding = is_first(config, "padding", "valid", "same") ? ConvolutionPadding::valid : ConvolutionPadding::same;
  cell.data_format = is_first(config, "data_format", "channels_last", "channels_first") ? DataFormat::channels_last
                                                                                        : DataFormat::channels_first;
  cell.activation = config.activation("activation", Activation::tanh);
  cell.recurrent_activation = config.activation(
      "recurrent_activation", config.origin().major >= 3 ? Activation::sigmoid : Activation::hard_sigmoid);
  cell.use_bias = config.flag("use_bias", true);
  return layer;
}

}  // namespace rondo
