/// One recurrent layer as cuDNN's documentation defines it, computed step by step in double precision: what the double
/// of cuDNN runs in the place of kernels.
#pragma once

#include <cstddef>
#include <cstdint>

#include "rondo/vocabulary/dtype.h"

namespace rondo::test {

enum class DoubleCell : std::uint8_t { relu, tanh, lstm, gru };

/// A layer, and the sizes of its sequences.
struct DoubleLayer {
  DoubleCell cell = DoubleCell::tanh;
  bool has_bias = true;
  std::int64_t I = 0;
  std::int64_t H = 0;
  std::int64_t T = 0;
  std::int64_t B = 0;
  DType dtype = DType::f32;
  bool batch_major = false;

  std::int64_t gates() const { return cell == DoubleCell::lstm ? 4 : cell == DoubleCell::gru ? 3 : 1; }
  std::int64_t width_of(std::int64_t id) const { return id < gates() ? I : H; }
  /// Where matrix `id` and its bias begin in a weight space, in elements. Matrices are apart from each other.
  std::int64_t matrix_begin(std::int64_t id) const;
  std::int64_t bias_begin(std::int64_t id) const;
  std::int64_t weight_elements() const { return bias_begin(2 * gates()); }
  std::size_t reserve_bytes() const;
};

/// Elements of any floating dtype, read and written as numbers. Null data are zeros, and are not written.
struct Elements {
  void* data = nullptr;
  DType dtype = DType::f32;

  double get(std::int64_t index) const;
  void set(std::int64_t index, double value) const;
};

struct DoubleRun {
  Elements weights = {};
  Elements x = {};
  Elements y = {};
  Elements initial_h = {};
  Elements initial_c = {};
  Elements final_h = {};
  Elements final_c = {};
  double* reserve = nullptr;  ///< null: inference
};

struct DoubleGradients {
  Elements weights = {};
  Elements x = {};
  Elements y = {};
  Elements initial_h = {};
  Elements initial_c = {};
  Elements d_y = {};
  Elements d_final_h = {};
  Elements d_final_c = {};
  Elements d_x = {};
  Elements d_initial_h = {};
  Elements d_initial_c = {};
  Elements d_weights = {};  ///< added to
  double* reserve = nullptr;
};

// Each function spoils the states that it writes before it reads others: none may share memory with what is given.

void run_layer(const DoubleLayer& layer, const DoubleRun& run);

/// Overwrites the reserve of a run by what the gradients of the weights read. Writes NaN where the reserve is not that
/// of a run.
void data_gradients(const DoubleLayer& layer, const DoubleGradients& gradients);

/// Adds NaN where the reserve is not what data_gradients has left.
void weight_gradients(const DoubleLayer& layer, const DoubleGradients& gradients);

}  // namespace rondo::test
