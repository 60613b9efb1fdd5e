#include <utility>

#include "formats/keras/keras_cudnn.h"
#include "formats/keras/keras_layer.h"
#include "formats/keras/keras_options.h"
#include "rondo/vocabulary/error.h"

namespace rondo {
namespace {

std::size_t count_with(bool use_bias) { return use_bias ? 3 : 2; }

void check_count(const KerasLayer& layer, std::size_t expected) {
  if (layer.weights.size() == expected) return;
  throw ValueError(place_of(layer) + ": weights", std::to_string(layer.weights.size()),
                   std::to_string(expected) + " for its " + layer.class_name);
}

/// The weights of a cell. Keras converts those of CuDNNLSTM for an LSTM, and those of CuDNNGRU for a GRU with
/// reset_after; both are told by their bias.
RecurrentWeights converted(const CellSpec& cell, std::span<const Tensor> weights) {
  RecurrentWeights result{.kernel = weights[0], .recurrent_kernel = weights[1]};
  if (weights.size() == 3) result.bias = weights[2];
  const bool has_form = cell.kind == CellKind::lstm || (cell.kind == CellKind::gru && cell.reset_after);
  return has_form && is_cudnn_layout(result) ? from_cudnn_layout(result) : result;
}

void check_on_top(const KerasLayer& layer, std::size_t cell, const Tensor& kernel) {
  const std::int64_t below = layer.recurrent->cells[cell - 1].units;
  if (kernel.size(0) == below && kernel.dtype() == layer.weights.front().dtype()) return;
  throw ValueError(place_of(layer) + ": kernel of cell " + std::to_string(cell), describe(kernel),
                   std::to_string(below) + " rows for the cell below, all cells of one dtype");
}

void check_dense(const KerasLayer& layer) {
  const KerasDenseConfiguration& dense = *layer.dense;
  check_count(layer, dense.use_bias ? 2 : 1);
  const Tensor& kernel = layer.weights.front();
  if (kernel.rank() != 2 || kernel.size(1) != dense.units || !is_floating(kernel.dtype())) {
    throw ValueError(place_of(layer) + ": kernel", describe(kernel),
                     "floats of shape (inputs, " + std::to_string(dense.units) + ")");
  }
  const Tensor& bias = layer.weights.back();
  if (dense.use_bias && (bias.shape() != Shape{dense.units} || bias.dtype() != kernel.dtype())) {
    throw ValueError(place_of(layer) + ": bias", describe(bias),
                     to_string(kernel.dtype()) + to_string(Shape{dense.units}) + ", as its kernel");
  }
}

/// A layer of Keras 2 whose `wrapped` is not what make_recurrent takes has the reason of the layer inside.
void take_problem_of_wrapped(KerasLayer& layer) {
  for (const KerasLayer& inner : layer.wrapped) {
    if (layer.problem.empty()) layer.problem = inner.problem;
  }
}

void check(const KerasLayer& layer) {
  if (layer.own_cell) return;  // its factory knows its weights
  if (layer.recurrent) cell_weights(layer);
  if (layer.conv_lstm) conv_lstm_cell(layer);
  if (layer.dense) check_dense(layer);
  if (layer.wrapped.empty()) return;
  const std::optional<std::size_t> count = weight_count(layer);
  if (count) check_count(layer, *count);
}

}  // namespace

std::optional<std::size_t> weight_count(const KerasLayer& layer) {
  if (layer.own_cell) return std::nullopt;
  if (layer.conv_lstm) return count_with(layer.conv_lstm->cell.use_bias);
  if (layer.dense) return layer.dense->use_bias ? 2 : 1;
  if (!layer.recurrent && layer.wrapped.empty()) return std::nullopt;
  std::size_t count = 0;
  if (layer.recurrent) {
    for (const CellSpec& cell : layer.recurrent->cells) count += count_with(cell.use_bias);
  }
  for (const KerasLayer& inner : layer.wrapped) {
    const std::optional<std::size_t> part = weight_count(inner);
    if (!part) return std::nullopt;
    count += *part;
  }
  return count;
}

std::vector<RecurrentWeights> cell_weights(const KerasLayer& layer) {
  check_count(layer, weight_count(layer).value_or(0));
  std::vector<RecurrentWeights> cells;
  std::span<const Tensor> rest(layer.weights);
  for (const CellSpec& cell : layer.recurrent->cells) {
    const std::size_t count = count_with(cell.use_bias);
    try {
      cells.push_back(converted(cell, rest.first(count)));
      check_weights(cell, cells.back());
    } catch (const ValueError& error) {
      throw ValueError(place_of(layer) + ": " + error.what());
    }
    rest = rest.subspan(count);
    if (cells.size() > 1) check_on_top(layer, cells.size() - 1, cells.back().kernel);
  }
  return cells;
}

void settle_weights(KerasLayer& layer) {
  for (KerasLayer& inner : layer.wrapped) settle_weights(inner);
  for (KerasLayer& inner : layer.layers) settle_weights(inner);
  if (layer.problem.empty()) {
    try {
      check(layer);
    } catch (const ValueError& error) {
      layer.problem = error.what();
    }
  }
  take_problem_of_wrapped(layer);
}

}  // namespace rondo
