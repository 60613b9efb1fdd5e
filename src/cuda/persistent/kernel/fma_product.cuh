/// The recurrent product of a warp in strict f32, with the interface of MmaProduct but without tensor cores: each lane
/// has (gate, unit) pairs of its own, and all lanes read the same row of h. The cost grows with the number of rows.
#pragma once

#include "cuda/device/convert.cuh"
#include "cuda/persistent/kernel/lane_weights.cuh"
#include "cuda/persistent/kernel/shared_operands.cuh"
#include "cuda/persistent/kernel/tile_sums.cuh"

namespace rondo {

template <typename Formula, typename Sizes>
class FmaProduct {
 public:
  using Layout = TileLayout<Formula, float, Sizes::kOctets>;
  static constexpr int kVectors = Layout::kVectors;
  static constexpr bool kThrees = false;
  static constexpr int kResident =
      resident_tiles<Formula, float, Sizes::kKeeps>(kVectors, Sizes::kRoomTiles, Sizes::kStreams, Sizes::kKind);

  __device__ FmaProduct(const device::Words4* packed, const WarpPlace& warp) : warp_(warp) {
    weights_.load(packed, warp, kMostTogether);
  }

  /// What MmaProduct keeps between asking and multiplying. A strict product asks for nothing.
  template <typename Operands>
  using Asked = typename Operands::template Asked<1, 1>;
  __device__ void ask(const SharedOperands&, Asked<SharedOperands>&) const {}

  /// As MmaProduct::multiply. All weights are read once for each kMostTogether rows; the last rows may be fewer.
  template <int kPhase>
  __device__ void multiply(const SharedOperands& operands, Asked<SharedOperands>&, const PassRows& rows,
                           float* target) {
    multiply_pass<kPhase>(operands, rows, [&](int row, const auto& sums) {
      store<kPhase, kPhaseGates<Formula, kPhase>>(row, sums, target, warp_.shape.sum_stride(kPhaseGates<Formula, 0>));
    });
  }

  /// As MmaProduct::scatter. Four lanes make a chunk of each of four rows.
  template <typename Operands, typename Send>
  __device__ void scatter(const Operands& operands, Asked<Operands>&, const PassRows& rows, const Send& send) {
    multiply_pass<0>(operands, rows, [&](int first, const auto& sums) { send_sums(first, sums, send); });
  }

  /// As MmaProduct::multiply_inputs, for the first `rows` rows.
  __device__ void multiply_inputs(const WarpInputs& inputs, int rows, float* target) const {
    RONDO_KEEP_LOOP
    for (int row = 0; row < rows; row += kInputsTogether) {
      multiply_input_rows<0>(inputs, row, target);
      if constexpr (kPhases<Formula> == 2) multiply_input_rows<1>(inputs, row, target);
    }
  }

 private:
  template <int kPhase>
  static constexpr int kSlots = kPhaseSlots<Formula, Sizes::kOctets, kPhase>;

  template <int kPhase>
  static constexpr int kFirstVector = kPhase == 0 ? 0 : Layout::template kPhaseVectors<0>;

  static constexpr int kMostTogether = rows_together(kPhases<Formula>);
  /// Rows of x that share a reading of the weights. All of them have memory, and rows that do not exist cost as much as
  /// others.
  static constexpr int kInputsTogether = 2;

  /// Calls take(row, sums) with the sums of all rows of a pass, of which some rows from `row` on are together.
  template <int kPhase, typename Take>
  __device__ void multiply_pass(const SharedOperands& operands, const PassRows& rows, const Take& take) {
    for (int row = 0; row < rows.rows; row += kMostTogether) {
      multiply_rows<kPhase, kMostTogether>(operands, row, rows.rows - row, take);
    }
  }

  /// Multiplies kRows rows from `row` on, which all have memory, or half as many where no more are `left`.
  template <int kPhase, int kRows, typename Take>
  __device__ void multiply_rows(const SharedOperands& operands, int row, int left, const Take& take) {
    if constexpr (kRows > 2) {
      if (left <= kRows / 2) return multiply_rows<kPhase, kRows / 2>(operands, row, left, take);
    }
    float sums[kRows][kSlots<kPhase>] = {};
    const std::uint32_t* h = operands.words + warp_.first_tile * device::kTileWords + row * operands.stride;
    add_term<kFirstVector<kPhase>>(h, operands.stride, sums);
    if constexpr (kTerms<Formula, kPhase> == 2) {
      // The words of the second term stand behind those of the first in a row.
      add_term<kFirstVector<kPhase> + Layout::template kTermVectors<kPhase>>(
          h + warp_.shape.k_tiles * device::kTileWords, operands.stride, sums);
    }
    take(row, sums);
  }

  /// sums += the products of the rows from `words` on with all tiles, whose weights begin with kFirst of a tile's
  /// vectors.
  template <int kFirst, int kRows, int kCount>
  __device__ void add_term(const std::uint32_t* words, int stride, float (&sums)[kRows][kCount]) {
    weights_.for_resident(warp_.tiles, [&](int tile) {
      add_tile([&](int vector) { return weights_.resident(tile, kFirst + vector); }, words + tile * device::kTileWords,
               stride, sums);
    });
    for (int tile = kResident; tile < weights_.first_streamed(); ++tile) {
      add_tile([&](int vector) { return weights_.shared(tile, kFirst + vector); }, words + tile * device::kTileWords,
               stride, sums);
    }
    weights_.for_streamed(weights_.first_streamed(), warp_.tiles, [&](int tile, const device::Words4* vectors) {
      add_tile([&](int vector) { return vectors[vector * device::kWarpLanes]; }, words + tile * device::kTileWords,
               stride, sums);
    });
  }

  template <int kPhase>
  __device__ void multiply_input_rows(const WarpInputs& inputs, int row, float* target) const {
    float sums[kInputsTogether][kSlots<kPhase>] = {};
    const std::uint32_t* x = inputs.rows.words + row * inputs.rows.stride;
    RONDO_KEEP_LOOP
    for (int tile = 0; tile < inputs.tiles; ++tile) {
      const device::Words4* vectors = inputs.weights + (tile * kVectors + kFirstVector<kPhase>)*device::kWarpLanes;
      add_tile([&](int vector) { return vectors[vector * device::kWarpLanes]; }, x + tile * device::kTileWords,
               inputs.rows.stride, sums);
    }
    constexpr int kFirstGate = kPhase == 0 ? 0 : kPhaseGates<Formula, 0>;
    store<kPhase, Formula::kGates>(row, sums, target + kFirstGate, warp_.shape.sum_stride(Formula::kGates));
  }

  /// sums += the products of a tile. Rows of `words` are `stride` apart.
  template <typename Weights, int kRows, int kCount>
  static __device__ void add_tile(const Weights& weights, const std::uint32_t* words, int stride,
                                  float (&sums)[kRows][kCount]) {
    RONDO_UNROLL
    for (int half = 0; half < 2; ++half) {
      device::Words4 weight[kCount];
      RONDO_UNROLL
      for (int slot = 0; slot < kCount; ++slot) weight[slot] = weights(slot * 2 + half);
      RONDO_UNROLL
      for (int row = 0; row < kRows; ++row) {
        const auto right = *reinterpret_cast<const device::Words4*>(words + row * stride + half * 4);
        RONDO_UNROLL
        for (int i = 0; i < 4; ++i) {
          RONDO_UNROLL
          for (int slot = 0; slot < kCount; ++slot) {
            sums[row][slot] += device::bits_float(weight[slot].words[i]) * device::bits_float(right.words[i]);
          }
        }
      }
    }
  }

  template <int kRows, int kCount, typename Send>
  static __device__ void send_sums(int first, const float (&sums)[kRows][kCount], const Send& send) {
    RONDO_UNROLL
    for (int slot = 0; slot < kCount; ++slot) {
      RONDO_UNROLL
      for (int row = 0; row < kRows; row += 4) {
        float units[4] = {};
        RONDO_UNROLL
        for (int i = 0; i < 4 && row + i < kRows; ++i) units[i] = sums[row + i][slot];
        transpose_in_lanes(units);
        send(first + row + static_cast<int>(device::lane()) % 4, slot, units);
      }
    }
  }

  /// Writes the sums. Rows of `target` are `stride` apart, and have kUnitGates sums for each unit.
  template <int kPhase, int kUnitGates, int kRows>
  __device__ void store(int row, const float (&sums)[kRows][kSlots<kPhase>], float* target, int stride) const {
    constexpr int kUnits = Sizes::kOctets * kOctetUnits;
    target +=
        (warp_.k_warp * Sizes::kRowTiles * device::kTileColumns + row) * stride + warp_.unit_warp * kUnits * kUnitGates;
    RONDO_UNROLL
    for (int slot = 0; slot < kSlots<kPhase>; ++slot) {
      const int pair = slot * device::kWarpLanes + static_cast<int>(device::lane());
      const int gate = pair / kUnits;
      if (gate >= kPhaseGates<Formula, kPhase>) continue;
      RONDO_UNROLL
      for (int i = 0; i < kRows; ++i) target[i * stride + pair % kUnits * kUnitGates + gate] = sums[i][slot];
    }
  }

  const WarpPlace warp_;
  LaneWeights<Layout, kResident, Sizes::kKind> weights_;
};

}  // namespace rondo
