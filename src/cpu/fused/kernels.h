/// The vector kernels of the fused executor, as functions in a table: one table for each instruction set that the
/// kernels were compiled for. Callers use no vector types.
///
/// Weights lie in **panels**: all gates of a few adjacent units, a vector of units for each gate. A panel is
/// [k][vector][lane], where k is the row of the matrix and vector = (vector of units) * gates + gate.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "cpu/fused/vectors/gradient_kernels.h"
#include "recurrence/cells/unit.h"
#include "rondo/vocabulary/dtype.h"

namespace rondo::fused {

/// Which weights a product prefetches while it multiplies others. Prefetching pays where the weights do not fit the
/// caches of a core.
struct Prefetch {
  enum class What : std::uint8_t {
    nothing,
    own,  ///< the product's own weights, a fixed distance ahead
    next  ///< the weights of another product, from `begin` on: `lines` cache lines for each k
  };
  What what = What::nothing;
  const std::byte* begin = nullptr;
  int lines = 0;  ///< 1 or 2
};

/// Two bf16 numbers that follow each other in k. One instruction multiplies two pairs and adds both products to an f32.
struct BFloat16Pair {
  std::uint16_t first;
  std::uint16_t second;
};

/// Weights in 8 bits that follow each other in k, of one column. Quads are weights + kInt8Offset, without a sign.
struct Int8Pair {
  std::int8_t first;
  std::int8_t second;
};
struct Int8Quad {
  std::uint8_t weights[4];
};
inline constexpr int kInt8Offset = 128;

/// What a row in 8 bits begins with; its integers follow, in 8 bits for quads and in 16 for pairs, and zeros up to a
/// whole vector.
struct Int8Row {
  float scale;             ///< NaN for a row that has an infinite number or NaN, whose sums are NaN
  std::int32_t first_sum;  ///< from which its sums are counted: what the offset of the weights adds, negated
};

/// sums[p][r][vector][lane] = start[p or r][vector][lane] + sum over k of rows[r][k] panels[p][k][vector][lane], added
/// up in the order of k. The bits of a sum do not depend on which other rows and panels are in the product. Where
/// weights are pairs of bf16, k counts pairs, and so are the rows: each float has the bits of a pair. Where they are in
/// 8 bits, k counts pairs or quads, each row is an Int8Row and what follows it, and behind the last k of a panel are
/// the scales of its columns, [vector][lane] in f32: the integers' sum times both scales, plus start, each rounded.
///
/// A product on tile registers has K in whole tiles of kTilePairs pairs, or of as many quads, whose weights then have a
/// sign and no offset. Its rows lie `row_stride` apart, in memory that has a multiple of kTileRows rows; of `rows` it
/// reads the first pointer alone. All rows have the same start.
struct PanelProduct {
  const float* const* rows;
  int row_count;  ///< 1 .. most_rows
  std::int64_t K;
  const void* panels;
  std::int64_t panel_stride;  ///< elements from one panel to the next
  int panel_count;            ///< 1, or ProductKernel::panels_at_once(row_count)
  Prefetch prefetch;
  const float* start;  ///< null: zeros
  float* sums;
  std::int64_t sums_stride;       ///< elements from the sums of one panel to those of the next
  std::int64_t start_stride = 0;  ///< elements from the start of one row to that of the next; 0: all have the same
  std::int64_t row_stride = 0;    ///< floats from one row to the next, for products on tile registers
};

/// What the gates of one row read and write. Every member but `input` has an element per unit, padded to whole panels.
struct RowStates {
  const float* input;  ///< x W + b of the first panel
  const float* h;
  float* next_h;
  float* c;               ///< an LSTM's c; for a GRU that resets before its product, the sum of gate z
  float* reset_h;         ///< r h, for a GRU that resets before its product
  float* kept = nullptr;  ///< [kKept][units]: what the gradients need, written where it is not null
};

/// Gates of an LSTM that may have a peephole: i, f and o.
inline constexpr int kPeepholes = 3;

/// What the gates of an LSTM with peepholes or a clip of c have beyond those of the plain one.
struct LstmVariant {
  const float* peepholes = nullptr;  ///< [i, f, o] rows of `stride` units, padded to whole panels; null: none
  std::int64_t stride = 0;
  float cell_clip = 0;  ///< infinity: none
};

/// The gates of one panel, for some rows.
struct PanelGates {
  const RowStates* rows;
  int row_count;
  const float* sums;                              ///< [row][vector][lane]: h U
  std::int64_t input_offset;                      ///< the panel's offset in RowStates::input
  std::int64_t first_unit;                        ///< the panel's first unit
  const float* recurrent_bias;                    ///< [vector][lane]; null for a cell with one row of biases
  std::int64_t units = 0;                         ///< of the cell, where RowStates::kept is not null
  const LstmVariant* variant = nullptr;           ///< for GateKernels::lstm_variant and basic gates of an LSTM
  const BasicActivations* activations = nullptr;  ///< for basic gates
};

using MultiplyFunction = void (*)(const PanelProduct&);
using GatesFunction = void (*)(const PanelGates&);

/// A product with panels of one number of vectors, in one dtype of weights.
struct ProductKernel {
  MultiplyFunction multiply;
  int most_rows;                      ///< the sums of more rows do not fit the registers
  int rows_together = 1;              ///< rows that take no longer than one: the rows of a tile register
  MultiplyFunction finish = nullptr;  ///< where `multiply` leaves sums of integers: makes them the sums; else null

  void operator()(const PanelProduct& product) const {
    multiply(product);
    if (finish != nullptr) finish(product);
  }

  /// How many panels a product of `rows` rows takes at a time, while that many are left. With few rows and one panel
  /// the multipliers would wait for their own sums.
  constexpr int panels_at_once(int rows) const {
    if (rows_together > 1) return 1;
    return rows * 4 <= most_rows ? 4 : (rows * 2 <= most_rows ? 2 : 1);
  }
};

/// The rows of a tile register, and the pairs of bf16 in a row.
inline constexpr int kTileRows = 16;
inline constexpr int kTilePairs = 16;

/// Products of bf16 on tile registers.
struct TileKernels {
  /// `parts` is 1, or 2 where rows and panels have two bf16 for each number, high and low: a product is then high high
  /// + high low + low high, added up in this order for each tile of k. A row has its high pairs before its low ones,
  /// and so has each k of a panel.
  ProductKernel (*product)(int vectors, int parts);
  /// Of quads in 8 bits. The sums are integers of 32 bits, without `start`, for Int8Kernels::scale_sums to finish.
  ProductKernel (*int8_product)(int vectors);
  void (
      *configure)();  ///< gives the calling thread its tile registers; without them a product is an illegal instruction
  void (*release)();
};

/// The calling thread's tile registers, for as long as the object lives; none where `kernels` is null.
class TileScope {
 public:
  explicit TileScope(const TileKernels* kernels) : kernels_(kernels) {
    if (kernels_ != nullptr) kernels_->configure();
  }
  ~TileScope() {
    if (kernels_ != nullptr) kernels_->release();
  }
  TileScope(const TileScope&) = delete;
  TileScope& operator=(const TileScope&) = delete;

 private:
  const TileKernels* const kernels_;
};

/// Gates of each cell. With tanh and sigmoid a product of sigmoid and tanh, of which an LSTM has two, is as exact as
/// each function alone (4 units in the last place); each of the two products in the h' of a GRU or MGU is within 6. A
/// gate smaller than a normal number is zero: its product with a finite state is zero, and with an infinite state NaN.
struct GateKernels {
  GatesFunction simple_rnn;
  GatesFunction lstm;
  GatesFunction lstm_variant;  ///< with PanelGates::variant
  GatesFunction gru_reset_after;
  GatesFunction gru_reset;      ///< z and r h of a GRU that resets before its product
  GatesFunction gru_candidate;  ///< the rest of that GRU, after the product of r h
  GatesFunction mgu;
};

/// Products in 8 bits, all in one order of weights.
struct Int8Kernels {
  int together = 0;                                 ///< how many k lie side by side: 2 or 4
  ProductKernel (*product)(int vectors) = nullptr;  ///< null where the processor has no instruction for it
  /// Rounds `count` numbers to an Int8Row and its integers.
  void (*quantize_row)(const float* row, std::int64_t count, void* target) = nullptr;
  /// What makes the sums of a product on tile registers from its sums of integers.
  MultiplyFunction (*scale_sums)(int vectors) = nullptr;
};

struct KernelTable {
  const char* target;  ///< "AMX", or Highway's name of the instruction set: "AVX3", "AVX2", ...
  int lanes;           ///< floats of a vector
  ProductKernel (*product)(DType weights, int vectors);
  ProductKernel (*pair_product)(int vectors);  ///< of pairs of bf16; null where the processor has no such instruction
  Int8Kernels int8_quads;                      ///< of Int8Quad; without a product where the processor has no VNNI
  Int8Kernels int8_pairs;                      ///< of Int8Pair
  GateKernels gates;
  GateKernels keeping_gates;  ///< the same, and each RowStates::kept is written
  GateKernels basic_gates;    ///< with any of the six basic activations
  GateKernels keeping_basic_gates;
  GradientKernels gradients;
  /// Convert `count` elements of a dtype to floats, and back with rounding to nearest.
  void (*load_row)(DType dtype, const void* source, std::int64_t count, float* target);
  void (*store_row)(const float* source, std::int64_t count, DType dtype, void* target);
  /// Writes the two bf16 of each float, as split() in cpu/fused/split.h.
  void (*split_row)(const float* source, std::int64_t count, void* high, void* low);
  /// The functions in the gates, for tests: within 4 units in the last place, and zero where the exact value is smaller
  /// than a normal number and denormal numbers are flushed as in a run. NaN gives NaN.
  void (*sigmoid)(const float* x, std::int64_t count, float* y);
  void (*tanh)(const float* x, std::int64_t count, float* y);
  const TileKernels* tiles = nullptr;  ///< null where there are no tile registers
};

/// The most vectors of a panel.
inline constexpr int kMostVectors = 4;
/// The most rows of a product, times the panels that the product takes at a time.
inline constexpr int kMostRows = 9;
/// The most rows of a product on tile registers.
inline constexpr int kMostTileRows = 2 * kTileRows;
inline constexpr int kMostLanes = 16;
/// Floats that hold the sums of any product.
inline constexpr int kMostSums = kMostTileRows * kMostVectors * kMostLanes;

/// The tables for all instruction sets of this machine, the best one first: cpu/fused/target.h chooses among them.
std::vector<const KernelTable*> all_kernels();

}  // namespace rondo::fused
