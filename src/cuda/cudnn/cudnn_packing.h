/// Which columns of Keras's weights are which matrix of cuDNN's: views alone, without cuDNN.
///
/// cuDNN numbers the matrices of a pseudo layer: first those of x, one for each gate, then those of h, then the
/// projection. Each is (H, width), row-major, and so the transposed of a block of H columns of Keras's. Beside each
/// stands a bias of H numbers. In cuDNN's order of gates:
///
///     simple RNN:  h' = act(W0 x + R1 h + b0 + b1)
///     LSTM:        i = s(W0 x + R4 h + b0 + b4), f, c~ and o alike with 1 and 5, 2 and 6 (tanh), 3 and 7
///                  c' = f c + i c~,  h' = o tanh(c'), or P8 (o tanh(c')) with a projection
///     GRU:         r = s(W0 x + R3 h + b0 + b3), z alike with 1 and 4
///                  h~ = tanh(W2 x + b2 + r (R5 h + b5)),  h' = (1 - z) h~ + z h
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "cuda/cudnn/cudnn_config.h"
#include "cuda/cudnn/placed_matrices.h"

namespace rondo {

enum class CudnnMatrixSource : std::uint8_t { kernel, recurrent_kernel, projection };

struct CudnnMatrix {
  int id = 0;  ///< cuDNN's linLayerID
  CudnnMatrixSource source = CudnnMatrixSource::kernel;
  int block = 0;  ///< of H columns, in Keras's order of gates

  bool operator==(const CudnnMatrix&) const = default;
};

/// All matrices of a pseudo layer, by id.
std::vector<CudnnMatrix> cudnn_matrices(CellKind kind, bool projected);

/// A view of (H, width): what cuDNN wants in the place of `matrix`; of the projection, (P, H).
Tensor cudnn_matrix_view(const CudnnMatrix& matrix, const CudnnWeights& weights, std::int64_t H);

/// A view of (H,); nothing where cuDNN's bias has no counterpart and is zeros: Keras has one bias where cuDNN has two,
/// but for a GRU.
std::optional<Tensor> cudnn_bias_view(const CudnnMatrix& matrix, const CudnnWeights& weights, std::int64_t H);

/// Where a matrix of a pseudo layer, and its bias, lie in memory of cuDNN's order.
struct CudnnPlace {
  std::int64_t pseudo_layer = 0;
  CudnnMatrix matrix;
  Tensor values;  ///< (H, width), or (P, H) of the projection, without gaps
  Tensor bias;    ///< (H, 1); undefined where cuDNN has none
};

/// The copies from the places of one pseudo layer to `gradients`, in Keras's layout. An undefined kernel, recurrent
/// kernel, or an absent bias or projection is not wanted. Throws `RuntimeError` for a place that does not fit.
std::vector<PlacedMatrix> unpacked_gradients(std::span<const CudnnPlace> places, const CudnnWeights& gradients,
                                             std::int64_t H);

/// Throws `RuntimeError` unless `place`, which may be undefined, has the shape of `weight`: a place of another shape
/// would be a misunderstanding that no test of sizes could find later.
void check_cudnn_place(const Tensor& place, const Tensor& weight, const CudnnMatrix& matrix);

/// Throws `ValueError` naming what of `weights` does not fit the pseudo layer, what came and what was expected.
void check_cudnn_weights(const CudnnConfig& config, std::int64_t pseudo_layer, const CudnnWeights& weights);

}  // namespace rondo
