#include "formats/keras/keras_layer.h"

#include <array>
#include <utility>

#include "formats/keras/keras_cudnn.h"
#include "formats/keras/keras_options.h"
#include "rondo/vocabulary/error.h"

namespace rondo {
namespace {

// A configuration that the caller made may have no dropout.
DropoutOptions dropout_of(const KerasLayer& layer, std::size_t cell) {
  const std::vector<DropoutOptions>& dropout = layer.recurrent->dropout;
  return cell < dropout.size() ? dropout[cell] : DropoutOptions{};
}

/// A cell whose dropout Rondo does not have. Its layer computes what Keras computes, but in training.
class UndroppedCell final : public Cell {
 public:
  UndroppedCell(std::shared_ptr<Cell> cell, std::string place) : cell_(std::move(cell)), place_(std::move(place)) {}

  SizeNest state_size() const override { return cell_->state_size(); }
  SizeNest output_size() const override { return cell_->output_size(); }
  void build(const SizeNest& input_shape) override { cell_->build(input_shape); }
  StepResult call(const Nest& inputs, const States& states, const CellContext& context) override {
    check(context);
    return cell_->call(inputs, states, context);
  }
  StepWithPullback call_with_pullback(const Nest& inputs, const States& states, const CellContext& context) override {
    check(context);
    return cell_->call_with_pullback(inputs, states, context);
  }
  std::vector<Tensor> weight_list() const override { return cell_->weight_list(); }
  States get_initial_state(const InitialStateRequest& request) const override {
    return cell_->get_initial_state(request);
  }

 private:
  void check(const CellContext& context) const {
    if (context.training) throw ValueError(place_ + ": training", "true", "false, as a ConvLSTM has no dropout here");
  }

  std::shared_ptr<Cell> cell_;
  std::string place_;
};

std::unique_ptr<RNN> make_conv_lstm(const KerasLayer& layer) {
  const KerasConvLSTMConfiguration& conv = *layer.conv_lstm;
  std::shared_ptr<Cell> cell = conv_lstm_cell(layer);
  if (conv.dropout > 0 || conv.recurrent_dropout > 0) {
    cell = std::make_shared<UndroppedCell>(std::move(cell), place_of(layer));
  }
  return std::make_unique<RNN>(std::move(cell), conv.options);
}

std::unique_ptr<RNN> make_known(const KerasLayer& layer) {
  std::vector<RecurrentWeights> weights = cell_weights(layer);
  std::vector<std::shared_ptr<Cell>> cells;
  for (std::size_t k = 0; k < weights.size(); ++k) {
    cells.push_back(
        std::make_shared<KnownCell>(layer.recurrent->cells[k], std::move(weights[k]), dropout_of(layer, k)));
  }
  const RNNOptions& options = layer.recurrent->options;
  if (layer.recurrent->stacked) return std::make_unique<RNN>(std::move(cells), options);
  return std::make_unique<RNN>(std::move(cells.front()), options);
}

constexpr const char* kOneDirection =
    "SimpleRNN, LSTM, GRU, CuDNNLSTM, CuDNNGRU, ConvLSTM1D, ConvLSTM2D, ConvLSTM3D or RNN";

/// Throws what is known against the layer, or against the layer inside it.
void check_makeable(const KerasLayer& layer, bool has_class, const std::string& expected) {
  if (!layer.problem.empty()) throw ValueError(layer.problem);
  if (has_class) return;
  if (layer.class_name.empty()) {
    throw ValueError(place_of(layer) + ": class", "none, as its file has no configuration",
                     expected +
                         "; a layer that the caller makes can take recurrent_weights, but weights do not show its "
                         "activations, its options, or reset_after without a bias");
  }
  for (const KerasLayer& inner : layer.wrapped) check_makeable(inner, is_recurrent(inner), expected);
  std::string known = expected;
  if (is_recurrent(layer)) known += "; make_recurrent makes a layer of any class";
  if (layer.class_name.find('>') != std::string::npos) known += "; a KerasRegistry may say that it is one of these";
  throw ValueError(place_of(layer) + ": class", "'" + layer.class_name + "'", known);
}

}  // namespace

bool is_recurrent(const KerasLayer& layer) {
  if (layer.own_cell || layer.conv_lstm) return true;
  if (layer.recurrent) return !layer.recurrent->cells.empty();
  if (layer.wrapped.empty()) return false;
  return is_recurrent(layer.wrapped.front()) && is_recurrent(layer.wrapped.back());
}

std::shared_ptr<Cell> conv_lstm_cell(const KerasLayer& layer) {
  const KerasConvLSTMConfiguration& conv = *layer.conv_lstm;
  const std::size_t expected = conv.cell.use_bias ? 3 : 2;
  if (layer.weights.size() != expected) {
    throw ValueError(place_of(layer) + ": weights", std::to_string(layer.weights.size()),
                     std::to_string(expected) + " for its " + layer.class_name);
  }
  RecurrentWeights weights{.kernel = layer.weights[0], .recurrent_kernel = layer.weights[1]};
  if (conv.cell.use_bias) weights.bias = layer.weights[2];
  std::shared_ptr<ConvLSTMCell> cell;
  try {
    cell = std::make_shared<ConvLSTMCell>(conv.cell, std::move(weights));
  } catch (const ValueError& error) {
    throw ValueError(place_of(layer) + ": " + error.what());
  }
  if (cell->spatial_rank() != conv.spatial_rank) {
    throw ValueError(place_of(layer) + ": kernel", std::to_string(cell->spatial_rank()) + " spatial axes",
                     std::to_string(conv.spatial_rank) + " for its " + layer.class_name);
  }
  return cell;
}

std::unique_ptr<RNN> make_layer(const KerasLayer& layer) {
  check_makeable(layer, is_recurrent(layer) && layer.wrapped.empty(), kOneDirection);
  if (layer.own_cell) return std::make_unique<RNN>(layer.own_cell->make(layer), layer.recurrent->options);
  return layer.conv_lstm ? make_conv_lstm(layer) : make_known(layer);
}

Bidirectional make_bidirectional(const KerasLayer& layer) {
  check_makeable(layer, layer.wrapped.size() == 2, "Bidirectional");
  for (const MergeMode mode : {MergeMode::concat, MergeMode::sum, MergeMode::mul, MergeMode::ave, MergeMode::none}) {
    if (layer.merge_mode != to_string(mode)) continue;
    return {*make_layer(layer.wrapped[0]), *make_layer(layer.wrapped[1]), mode};
  }
  throw ValueError(place_of(layer) + ": merge_mode", "'" + layer.merge_mode + "'", "concat, sum, mul, ave or none");
}

AnyRecurrentLayer make_recurrent(const KerasLayer& layer) {
  check_makeable(layer, is_recurrent(layer),
                 std::string(kOneDirection) + ", Bidirectional or TimeDistributed of these");
  if (layer.wrapped.size() == 2) return make_bidirectional(layer);
  if (layer.wrapped.size() == 1) return TimeDistributed(make_recurrent(layer.wrapped.front()));
  return *make_layer(layer);
}

RecurrentWeights recurrent_weights(const KerasLayer& layer) {
  if (layer.weights.size() != 2 && layer.weights.size() != 3) {
    throw ValueError(place_of(layer) + ": weights", std::to_string(layer.weights.size()),
                     "kernel, recurrent_kernel and perhaps bias");
  }
  return recurrent_weights(std::span<const Tensor>(layer.weights));
}

RecurrentWeights recurrent_weights(std::span<const Tensor> weights) {
  if (weights.size() != 2 && weights.size() != 3) {
    throw ValueError("weights", std::to_string(weights.size()), "kernel, recurrent_kernel and perhaps bias");
  }
  RecurrentWeights result{.kernel = weights[0], .recurrent_kernel = weights[1]};
  if (weights.size() == 3) result.bias = weights[2];
  return is_cudnn_layout(result) ? from_cudnn_layout(result) : result;
}

}  // namespace rondo
