/// The vector kernels of the fused executor, as plain functions in a table: one table for each instruction set that
/// they were compiled for. Whoever calls them needs no vectors of his own.
///
/// Weights lie in **panels**: all gates of a few adjacent units, a vector of units for each. Of a panel, the kernels
/// read [k][vector][lane], k being the row of the matrix; vector = (vector of units) * gates + gate.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "rondo/vocabulary/dtype.h"

namespace rondo::fused {

/// Which weights a product asks the memory for while it multiplies others: worth it where they come from beyond the
/// caches of a core.
struct Prefetch {
  enum class What : std::uint8_t {
    nothing,
    own,  ///< its own, a while before it needs them
    next  ///< those of another product, from `begin` on: `lines` cache lines for each k
  };
  What what = What::nothing;
  const std::byte* begin = nullptr;
  int lines = 0;  ///< 1 or 2
};

/// sums[p][r][vector][lane] = start[p][vector][lane] + sum over k of rows[r][k] panels[p][k][vector][lane], added up in
/// the order of k: the same bits whatever other rows and panels come with them.
struct PanelProduct {
  const float* const* rows;
  int row_count;  ///< 1 .. most_rows
  std::int64_t K;
  const void* panels;
  std::int64_t panel_stride;  ///< elements from one panel to the next
  int panel_count;            ///< 1, or what panels_at_once says
  Prefetch prefetch;
  const float* start;  ///< null: zeros
  float* sums;
  std::int64_t sums_stride;  ///< elements from the sums of one panel to those of the next
};

/// What the gates of one row read and write. All but `input` has a value for each unit, padded to whole panels.
struct RowStates {
  const float* input;  ///< x W + b, of the first panel
  const float* h;
  float* next_h;
  float* c;        ///< an LSTM's c; the sum of gate z of a GRU that resets before its product
  float* reset_h;  ///< r h of such a GRU
};

/// The gates of one panel, for some rows.
struct PanelGates {
  const RowStates* rows;
  int row_count;
  const float* sums;            ///< [row][vector][lane]: h U
  std::int64_t input_offset;    ///< of the panel, in RowStates::input
  std::int64_t first_unit;      ///< of the panel
  const float* recurrent_bias;  ///< [vector][lane]; of a GRU that resets after its product alone
};

using MultiplyFunction = void (*)(const PanelProduct&);
using GatesFunction = void (*)(const PanelGates&);

/// A product with panels of so many vectors, in one dtype of weights.
struct ProductKernel {
  MultiplyFunction multiply;
  int most_rows;  ///< more do not fit the registers

  /// How many panels are worked on at a time for so few rows, where there are as many: one alone would leave the
  /// multipliers waiting for each other.
  constexpr int panels_at_once(int rows) const { return rows * 4 <= most_rows ? 4 : (rows * 2 <= most_rows ? 2 : 1); }
};

/// Gates with tanh and sigmoid, the usual activations. The product of the two, of which an LSTM has two, is as exact as
/// each of them alone (4 units in the last place), each of the two products in a GRU's h' within 6. A gate that is
/// smaller than a normal number is zero: it lets nothing through, and makes NaN of an infinity.
struct GateKernels {
  GatesFunction simple_rnn;
  GatesFunction lstm;
  GatesFunction gru_reset_after;
  GatesFunction gru_reset;      ///< of a GRU that resets before its product: first z and r h,
  GatesFunction gru_candidate;  ///< and, with the product of r h, the rest
};

struct KernelTable {
  const char* target;  ///< as Highway names it: "AVX3", "AVX2", ...
  int lanes;           ///< floats of a vector
  ProductKernel (*product)(DType weights, int vectors);
  GateKernels gates;
  /// `count` elements of a dtype to floats, and back; rounds to nearest.
  void (*load_row)(DType dtype, const void* source, std::int64_t count, float* target);
  void (*store_row)(const float* source, std::int64_t count, DType dtype, void* target);
  /// The functions that the gates are made of, for tests: within 4 units in the last place, and zero where the exact
  /// value is smaller than a normal number, once denormal numbers are flushed as in a run. NaN gives NaN.
  void (*sigmoid)(const float* x, std::int64_t count, float* y);
  void (*tanh)(const float* x, std::int64_t count, float* y);
};

/// The most vectors of a panel.
inline constexpr int kMostVectors = 4;
/// The most rows of a product, times the panels worked on at a time.
inline constexpr int kMostRows = 9;
inline constexpr int kMostLanes = 16;
/// Floats that the sums of any product have room in.
inline constexpr int kMostSums = kMostRows * kMostVectors * kMostLanes;

/// For the best instruction set of this machine.
const KernelTable& best_kernels();

/// For every instruction set that this machine has, the best one first: for tests, because for a moment it changes what
/// Highway takes for the best one, in the whole process.
std::vector<const KernelTable*> all_kernels();

}  // namespace rondo::fused
