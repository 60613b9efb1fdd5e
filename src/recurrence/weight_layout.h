/// The only table of gate orders, and the conversions that use it.
///
/// Keras's weights are columns: kernel (I, G H), recurrent_kernel (H, G H). All other origins cut their weights into
/// the same blocks of H, but in another order, and most of them as rows.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "rondo/recurrence/recurrence.h"

namespace rondo {

enum class WeightOrigin : std::uint8_t { pytorch, cudnn, onnx, tf1 };

/// The name that messages use for an origin: "PyTorch", "cuDNN", "ONNX", "TensorFlow 1".
std::string name_of(WeightOrigin origin);

/// Whether the origin has cells of this kind.
bool has_cell(WeightOrigin origin, CellKind kind);

/// The order of an origin's gates: block k of the origin's weights is block `order[k]` of Keras's. Throws `ValueError`
/// for a kind that the origin does not have.
std::span<const int> gate_order(WeightOrigin origin, CellKind kind);

/// Copies of a weight whose blocks along `axis` are put from the origin's order into Keras's, and back.
Tensor to_keras_order(const Tensor& weight, std::span<const int> order, int axis);
Tensor from_keras_order(const Tensor& weight, std::span<const int> order, int axis);

/// An LSTM's bias in Keras's order with `amount` added to the block of the forget gate. TensorFlow 1 adds its
/// `forget_bias` at every step, and its files have the bias without.
Tensor with_forget_bias(const Tensor& bias, double amount);

/// The weights of PyTorch, cuDNN and ONNX, which differ only in the order of gates: matrices as rows, and two biases.
/// Either both biases are present or neither is.
struct RowWeights {
  Tensor kernel;                                        ///< (G H, I)
  Tensor recurrent_kernel;                              ///< (G H, H); (G H, P) for a projected LSTM
  std::optional<Tensor> bias = std::nullopt;            ///< (G H,), added to W x
  std::optional<Tensor> recurrent_bias = std::nullopt;  ///< (G H,), added to U h
};

/// How Keras's weights hold the two biases.
enum class BiasForm : std::uint8_t {
  added,  ///< their sum (G H,)
  both    ///< (2, G H), where bias_rows is 2: a gate multiplies the recurrent bias of the candidate
};

/// The form of the bias of `cell`.
BiasForm bias_form(const CellSpec& cell);

/// Throws `ValueError` for a GRU whose bias has the form without `reset_after`, which `owner` does not support.
void check_reset_after(const RecurrentWeights& weights, CellKind kind, const std::string& owner);

/// Throws `ValueError` for weights with peepholes, which `owner` does not support.
void check_no_peepholes(const RecurrentWeights& weights, const std::string& owner);

/// Converts `rows` to Keras's layout; the result has memory of its own. The caller has checked the shapes.
RecurrentWeights keras_weights(const RowWeights& rows, std::span<const int> order, BiasForm form);

/// Converts Keras's weights to rows. Where Keras has one bias, `recurrent_bias` is zeros: a sum cannot be split again.
RowWeights row_weights(const RecurrentWeights& weights, std::span<const int> order);

}  // namespace rondo
