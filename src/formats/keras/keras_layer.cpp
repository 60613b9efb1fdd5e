#include "formats/keras/keras_layer.h"

#include <utility>

#include "rondo/vocabulary/error.h"

namespace rondo {
namespace {

std::string place(const KerasLayer& layer) { return layer.file + ": layer '" + layer.name + "'"; }

std::size_t weight_count(const CellSpec& cell) { return cell.use_bias ? 3 : 2; }

std::size_t weight_count(const KerasRecurrentConfiguration& recurrent) {
  std::size_t count = 0;
  for (const CellSpec& cell : recurrent.cells) count += weight_count(cell);
  return count;
}

void check_count(const KerasLayer& layer, std::size_t expected) {
  if (layer.weights.size() == expected) return;
  throw ValueError(place(layer) + ": weights", std::to_string(layer.weights.size()),
                   std::to_string(expected) + " for its " + layer.class_name);
}

/// The weights of each cell, checked against the configuration.
std::vector<RecurrentWeights> cell_weights(const KerasLayer& layer) {
  check_count(layer, weight_count(*layer.recurrent));
  std::vector<RecurrentWeights> cells;
  std::span<const Tensor> rest(layer.weights);
  for (const CellSpec& cell : layer.recurrent->cells) {
    cells.push_back(recurrent_weights(rest.first(weight_count(cell))));
    rest = rest.subspan(weight_count(cell));
    try {
      check_weights(cell, cells.back());
    } catch (const ValueError& error) {
      throw ValueError(place(layer) + ": " + error.what());
    }
    if (cells.size() == 1) continue;
    const Tensor& kernel = cells.back().kernel;
    const std::int64_t below = layer.recurrent->cells[cells.size() - 2].units;
    if (kernel.size(0) != below || kernel.dtype() != layer.weights.front().dtype()) {
      throw ValueError(place(layer) + ": kernel of cell " + std::to_string(cells.size() - 1), describe(kernel),
                       std::to_string(below) + " rows for the cell below, all cells of one dtype");
    }
  }
  return cells;
}

// A configuration that the caller made may have no dropout.
DropoutOptions dropout_of(const KerasLayer& layer, std::size_t cell) {
  const std::vector<DropoutOptions>& dropout = layer.recurrent->dropout;
  return cell < dropout.size() ? dropout[cell] : DropoutOptions{};
}

void check_dense(const KerasLayer& layer) {
  const KerasDenseConfiguration& dense = *layer.dense;
  check_count(layer, dense.use_bias ? 2 : 1);
  const Tensor& kernel = layer.weights.front();
  if (kernel.rank() != 2 || kernel.size(1) != dense.units || !is_floating(kernel.dtype())) {
    throw ValueError(place(layer) + ": kernel", describe(kernel),
                     "floats of shape (inputs, " + std::to_string(dense.units) + ")");
  }
  const Tensor& bias = layer.weights.back();
  if (dense.use_bias && (bias.shape() != Shape{dense.units} || bias.dtype() != kernel.dtype())) {
    throw ValueError(place(layer) + ": bias", describe(bias),
                     to_string(kernel.dtype()) + to_string(Shape{dense.units}) + ", as its kernel");
  }
}

}  // namespace

void settle_weights(KerasLayer& layer) {
  if (layer.recurrent) {
    cell_weights(layer);
  } else if (layer.dense) {
    check_dense(layer);
  } else if (!layer.wrapped.empty()) {
    KerasLayer& forward = layer.wrapped.at(0);
    KerasLayer& backward = layer.wrapped.at(1);
    const std::size_t half = weight_count(*forward.recurrent);
    check_count(layer, half + weight_count(*backward.recurrent));
    const auto middle = layer.weights.begin() + static_cast<std::ptrdiff_t>(half);
    forward.weights.assign(layer.weights.begin(), middle);
    backward.weights.assign(middle, layer.weights.end());
    if (layer.weight_paths.size() == layer.weights.size()) {  // a layer that the caller made may have no paths
      const auto middle_path = layer.weight_paths.begin() + static_cast<std::ptrdiff_t>(half);
      forward.weight_paths.assign(layer.weight_paths.begin(), middle_path);
      backward.weight_paths.assign(middle_path, layer.weight_paths.end());
    }
    settle_weights(forward);
    settle_weights(backward);
  }
}

std::unique_ptr<RNN> make_layer(const KerasLayer& layer) {
  if (!layer.recurrent || layer.recurrent->cells.empty()) {
    throw ValueError(place(layer) + ": class",
                     layer.class_name.empty() ? "none, as its file has no configuration" : "'" + layer.class_name + "'",
                     layer.class_name.empty() ? "SimpleRNN, LSTM, GRU or RNN; a layer that the caller makes can take "
                                                "recurrent_weights, but weights do not show its activations, its "
                                                "options, or reset_after without a bias"
                                              : "SimpleRNN, LSTM, GRU or RNN");
  }
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

RecurrentWeights recurrent_weights(const KerasLayer& layer) {
  if (layer.weights.size() != 2 && layer.weights.size() != 3) {
    throw ValueError(place(layer) + ": weights", std::to_string(layer.weights.size()),
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
  return result;
}

}  // namespace rondo
