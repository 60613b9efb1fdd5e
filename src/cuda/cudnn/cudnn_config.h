/// What a network of cuDNN's is: plain data, without cuDNN's headers.
#pragma once

#include <cstdint>
#include <optional>

#include "rondo/recurrence/recurrence.h"

namespace rondo {

/// CUDNN_RNN_ALGO_*, in cuDNN's order.
enum class CudnnAlgorithm : std::uint8_t { standard, persist_static, persist_dynamic, persist_static_small_h };

/// How the rows of x and y lie in memory; never with gaps.
enum class CudnnLayout : std::uint8_t {
  time_major,   ///< (T, B, width)
  batch_major,  ///< (B, T, width)
  packed        ///< rows longest first, and of each step only those that have it: no padding anywhere
};

/// What a network is made for.
enum class CudnnUse : std::uint8_t {
  inference,
  training,  ///< runs keep what their gradients need
  gradients  ///< likewise, and the network computes gradients
};

/// Layers of one cell, each of which reads what the one before wrote. A direction of a layer is what cuDNN calls a
/// pseudo layer; the backward one reads its input from the end, and its outputs follow the forward ones in every row of
/// y.
struct CudnnConfig {
  CudnnAlgorithm algorithm = CudnnAlgorithm::standard;
  CellKind kind = CellKind::lstm;
  Activation activation = Activation::tanh;  ///< tanh; a simple RNN may have relu
  bool use_bias = true;
  std::int64_t layers = 1;
  bool bidirectional = false;
  std::int64_t T = 0;
  std::int64_t B = 0;
  std::int64_t I = 0;
  std::int64_t H = 0;
  std::int64_t projection = 0;  ///< P, features that an LSTM's h is projected to; 0: not projected
  DType dtype = DType::f32;     ///< of x, weights, states and y; f16 and bf16 are summed in f32
  MatrixMath math = MatrixMath::strict;
  Device device = {};
  bool packed = false;  ///< whether sequences are packed, instead of in either of the other layouts
  CudnnUse use = CudnnUse::inference;
};

/// Weights of one pseudo layer in Keras's layout, where W is the width of its input: kernel (W, G H), bias as in
/// RecurrentWeights. With a projection, recurrent_kernel is (P, 4 H) and projection (H, P).
struct CudnnWeights {
  RecurrentWeights cell;
  std::optional<Tensor> projection = std::nullopt;
};

inline std::int64_t direction_count(const CudnnConfig& config) { return config.bidirectional ? 2 : 1; }
inline std::int64_t pseudo_layer_count(const CudnnConfig& config) { return config.layers * direction_count(config); }
/// Width of h: P or H.
inline std::int64_t state_width(const CudnnConfig& config) {
  return config.projection > 0 ? config.projection : config.H;
}
/// Width of y, and of the input of all layers but the first.
inline std::int64_t output_width(const CudnnConfig& config) { return direction_count(config) * state_width(config); }
inline std::int64_t input_width(const CudnnConfig& config, std::int64_t pseudo_layer) {
  return pseudo_layer < direction_count(config) ? config.I : output_width(config);
}

}  // namespace rondo
