/// The vector kernels of the fused executor's gradients, as functions in a table: one for each instruction set.
#pragma once

#include <cstdint>

#include "recurrence/cells/unit.h"

namespace rondo::fused {

struct LstmVariant;

/// The distance of two k in OuterProduct::features.
inline constexpr std::int64_t kFeatureStride = 8;

/// sums[i][v] += sum over k of features[k][i] columns[k][v], in the order of k: the product of a transposed matrix with
/// columns. v counts the elements of kMostVectors vectors.
struct OuterProduct {
  const float* features;  ///< rows of kFeatureStride, of which the first `count` are used
  const float* columns;   ///< rows of kMostVectors vectors
  std::int64_t K;
  int count;    ///< how many i there are: 1 .. GradientKernels::most_features
  float* sums;  ///< rows of kMostVectors vectors
};

/// What the gradients of one row's step read and write. `kept`, `h` and `c` have an element for each unit; all others
/// have whole vectors, with zeros behind the units.
struct GradientRow {
  const float* kept;                ///< [kKept] rows of GradientPanel::kept_stride
  const float* h;                   ///< before the step
  const float* c;                   ///< an LSTM's, before the step
  float* d_h;                       ///< in: after the step; out: before it, without what the products add
  float* d_c;                       ///< likewise, of an LSTM
  float* d_input;                   ///< [gate] rows of GradientPanel::gate_stride: of x W + b
  float* d_recurrent;               ///< likewise, of h U + rb; may be d_input where both are the same
  float* d_reset_h;                 ///< of r h, for a GRU that resets before its product
  float* reset_h;                   ///< r h, out, for that GRU
  float* peephole_terms = nullptr;  ///< [i, f, o] rows of GradientPanel::gate_stride, out: what the row adds to the
                                    ///< peepholes' gradients; null without peepholes
  float* unprojected = nullptr;     ///< h after the step, before its projection, out; null without one
};

/// The units first .. last - 1 of some rows; `first` is a multiple of a vector.
struct GradientPanel {
  const GradientRow* rows;
  int row_count;
  std::int64_t first;
  std::int64_t last;
  std::int64_t units;  ///< of the cell
  std::int64_t kept_stride;
  std::int64_t gate_stride;
  const LstmVariant* variant = nullptr;           ///< for the kernels of an LSTM but the plain one
  const BasicActivations* activations = nullptr;  ///< for basic gates
};

using OuterProductFunction = void (*)(const OuterProduct&);
using GradientFunction = void (*)(const GradientPanel&);

/// Gradients of the gates of each cell.
struct GradientGateKernels {
  GradientFunction simple_rnn;
  GradientFunction lstm;
  GradientFunction lstm_variant;      ///< with GradientPanel::variant
  GradientFunction lstm_unprojected;  ///< GradientRow::unprojected of an LSTM with a projection
  GradientFunction gru_reset_after;
  GradientFunction gru_candidate;  ///< da_n of a GRU that resets before its product
  GradientFunction gru_reset;      ///< the rest of that GRU, after the product of da_n
  GradientFunction mgu;
};

struct GradientKernels {
  OuterProductFunction outer_product;
  int most_features;
  GradientGateKernels gates;        ///< with tanh and sigmoid
  GradientGateKernels basic_gates;  ///< with any of the six basic activations
};

}  // namespace rondo::fused
