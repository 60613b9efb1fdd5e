/// The recurrent product of a warp in strict f32, as MmaProduct but without tensor cores: each lane has (gate, unit)
/// pairs of its own, and reads what all lanes share, a row of h. Its cost grows with the rows that there are. Floor 4.
#pragma once

#include "cuda/device/convert.cuh"
#include "cuda/persistent/mma_product.cuh"

namespace rondo {

template <typename Formula, int kRowTiles>
class FmaProduct {
 public:
  using Layout = TileLayout<Formula, float>;
  static constexpr int kVectors = Layout::kVectors;
  static constexpr int kResident = resident_tiles<float>(kVectors, kRowTiles);

  __device__ FmaProduct(const device::Words4* packed, const WarpPlace& warp) : warp_(warp) {
    weights_.load(packed, warp);
  }

  /// As MmaProduct::multiply, of the first `rows` rows.
  template <int kPhase>
  __device__ void multiply(const SharedOperands& operands, int rows, float* target) const {
    constexpr int kSlots = kPhaseSlots<Formula, kPhase>;
    const std::uint32_t* first = operands.words + warp_.first_tile * device::kTileWords;
    for (int row = 0; row < rows; row += kTogether) {
      float sums[kTogether][kSlots] = {};
      const std::uint32_t* h = first + row * operands.stride;
      weights_.for_resident(warp_.tiles, [&](int tile) {
        add_tile<kPhase>([&](int vector) { return weights_.resident(tile, vector); }, h + tile * device::kTileWords,
                         sums);
      });
      for (int tile = kResident; tile < warp_.tiles; ++tile) {
        add_tile<kPhase>([&](int vector) { return weights_.shared(tile, vector); }, h + tile * device::kTileWords,
                         sums);
      }
      store<kPhase>(row, sums, target);
    }
  }

 private:
  /// Rows that share a reading of the weights; a divisor of device::kTileColumns, so that all of them have memory.
  static constexpr int kTogether = 2;

  template <int kPhase, typename Weights>
  __device__ void add_tile(const Weights& weights, const std::uint32_t* h,
                           float (&sums)[kTogether][kPhaseSlots<Formula, kPhase>]) const {
    constexpr int kFirstSlot = kPhase == 0 ? 0 : Layout::kFirstSlots;
    RONDO_UNROLL
    for (int half = 0; half < 2; ++half) {
      device::Words4 words[kTogether];
      RONDO_UNROLL
      for (int row = 0; row < kTogether; ++row) {
        words[row] = *reinterpret_cast<const device::Words4*>(h + row * warp_.shape.row_stride() + half * 4);
      }
      RONDO_UNROLL
      for (int slot = 0; slot < kPhaseSlots<Formula, kPhase>; ++slot) {
        const device::Words4 weight = weights((kFirstSlot + slot) * 2 + half);
        RONDO_UNROLL
        for (int i = 0; i < 4; ++i) {
          RONDO_UNROLL
          for (int row = 0; row < kTogether; ++row) {
            sums[row][slot] += device::bits_float(weight.words[i]) * device::bits_float(words[row].words[i]);
          }
        }
      }
    }
  }

  template <int kPhase>
  __device__ void store(int row, const float (&sums)[kTogether][kPhaseSlots<Formula, kPhase>], float* target) const {
    const PersistentShape& shape = warp_.shape;
    const int stride = shape.sum_stride(Phase<Formula, 0>::kGates);
    target += (warp_.k_warp * shape.padded_rows() + row) * stride + warp_.unit_warp * kTileUnits;
    RONDO_UNROLL
    for (int slot = 0; slot < kPhaseSlots<Formula, kPhase>; ++slot) {
      const int pair = slot * device::kWarpLanes + static_cast<int>(device::lane());
      const int gate = pair / kTileUnits;
      if (gate >= Phase<Formula, kPhase>::kGates) continue;
      RONDO_UNROLL
      for (int i = 0; i < kTogether; ++i) {
        target[i * stride + gate * shape.units() + pair % kTileUnits] = sums[i][slot];
      }
    }
  }

  const WarpPlace warp_;
  LaneWeights<kVectors, kResident> weights_;
};

}  // namespace rondo
