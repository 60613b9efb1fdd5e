/// The one table of gate orders, and the conversions that stand on it.
///
/// Keras's weights are columns: kernel (I, G H), recurrent_kernel (H, G H). All others cut their weights into the same
/// blocks of H, in another order, and most of them as rows.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "rondo/recurrence/recurrence.h"

namespace rondo {

enum class WeightOrigin : std::uint8_t { pytorch, cudnn, onnx, tf1 };

/// As the origin calls itself: "PyTorch", ...
std::string to_string(WeightOrigin origin);

/// Whether the origin has cells of that kind.
bool has_cell(WeightOrigin origin, CellKind kind);

/// Block k of the origin's weights is block `order[k]` of Keras's. Throws `ValueError` for a kind that it does not
/// have.
std::span<const int> gate_order(WeightOrigin origin, CellKind kind);

/// Blocks along `axis`, from the origin's order to Keras's and back: copies.
Tensor to_keras_order(const Tensor& weight, std::span<const int> order, int axis);
Tensor from_keras_order(const Tensor& weight, std::span<const int> order, int axis);

/// What PyTorch, cuDNN and ONNX agree on but for the order: matrices as rows, and two biases. Both biases are there or
/// neither is.
struct RowWeights {
  Tensor kernel;                                        ///< (G H, I)
  Tensor recurrent_kernel;                              ///< (G H, H), of a projected LSTM (G H, P)
  std::optional<Tensor> bias = std::nullopt;            ///< (G H,), added to W x
  std::optional<Tensor> recurrent_bias = std::nullopt;  ///< (G H,), added to U h
};

/// How Keras's side has the two biases.
enum class BiasForm : std::uint8_t {
  added,  ///< their sum (G H,)
  both    ///< (2, G H), where bias_rows is 2: a gate multiplies the recurrent bias of the candidate
};

/// What `cell` has.
BiasForm bias_form(const CellSpec& cell);

/// Throws `ValueError` for a GRU whose bias is that of a cell without `reset_after`, which `owner` does not have.
void check_reset_after(const RecurrentWeights& weights, CellKind kind, const std::string& owner);

/// Throws `ValueError` for weights with peepholes, which `owner` does not have.
void check_no_peepholes(const RecurrentWeights& weights, const std::string& owner);

/// With memory of their own. Shapes have been checked by the caller.
RecurrentWeights keras_weights(const RowWeights& rows, std::span<const int> order, BiasForm form);

/// The reverse, up to how a sum was split: where Keras has one bias, the recurrent one is zeros.
RowWeights row_weights(const RecurrentWeights& weights, std::span<const int> order);

}  // namespace rondo
