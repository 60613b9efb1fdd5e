/// Packs a kernel, the recurrent one or that of x, in the order in which lanes hold its words.
#pragma once

#include "cuda/device/thread.cuh"
#include "cuda/persistent/kernel/operand_words.cuh"
#include "cuda/persistent/shape/tile_layout.h"

namespace rondo {

/// Threads of a block that packs.
inline constexpr int kPackThreads = 128;

template <typename Operand>
struct PackTiles {
  PersistentShape shape = {};  ///< for W, that of PersistentShape::of_inputs
  std::int64_t K = 0;
  const typename OperandTraits<Operand>::Element* kernel = nullptr;  ///< (K, G H)
  device::Words4* packed = nullptr;                                  ///< [block of a team][warp][tile][vector][lane]
};

/// The element of column (gate, unit) at a position along k; zero beyond K and H.
template <typename Formula, typename Operand>
__device__ inline auto kernel_element(const PackTiles<Operand>& pack, int gate, std::int64_t unit, std::int64_t k) {
  using Element = typename OperandTraits<Operand>::Element;
  const std::int64_t H = pack.shape.H;
  const bool exists = gate < kWeightGates<Formula> && unit < H;
  if constexpr (kIsOfGradients<Formula>) {
    // The transposed kernel: k counts gates, and in each gate the units of whole tiles. Where blocks scatter, there are
    // the k of one block after those of another, and the tiles of a gate have the block's units. Where k counts the
    // units of one gate, `gate` tells which.
    const std::int64_t of_tile = device::kTileWords * OperandTraits<Operand>::kPerWord;
    const std::int64_t of_gate = pack.shape.pushed_tiles() * of_tile;
    const std::int64_t of_block = pack.shape.k_tiles * of_tile;
    const std::int64_t column = k / of_block * of_gate + k % of_gate;
    const std::int64_t row = unit * pack.shape.pushed_gates + k % of_block / of_gate + gate;
    return exists && column < H ? pack.kernel[row * H + column] : Element{};
  } else {
    return exists && k < pack.K ? pack.kernel[k * Formula::kGates * H + gate * H + unit] : Element{};
  }
}

/// The word of column (gate, unit) at a position along k.
template <typename Formula, typename Operand>
__device__ inline std::uint32_t kernel_word(const PackTiles<Operand>& pack, int gate, std::int64_t unit, int word) {
  constexpr int kPerWord = OperandTraits<Operand>::kPerWord;
  const auto at = [&](std::int64_t k) { return kernel_element<Formula>(pack, gate, unit, k); };
  const std::int64_t k = std::int64_t{word} * kPerWord;
  if constexpr (kPerWord == 1) {
    return operand_word(Operand{}, at(k));
  } else {
    return static_cast<std::uint32_t>(at(k + 1).bits) << 16U | at(k).bits;
  }
}

/// Each thread packs one vector.
template <typename Formula, typename Operand, int kOctets>
__global__ void __launch_bounds__(kPackThreads) pack_tiles_kernel(const __grid_constant__ PackTiles<Operand> pack) {
  using Layout = TileLayout<Formula, Operand, kOctets>;
  const PersistentShape& shape = pack.shape;
  const std::int64_t index = std::int64_t{device::block_index().x} * kPackThreads + device::thread_index().x;
  const int lane = static_cast<int>(index % device::kWarpLanes);
  std::int64_t rest = index / device::kWarpLanes;
  const int vector = static_cast<int>(rest % Layout::kVectors);
  rest /= Layout::kVectors;
  const int tile = static_cast<int>(rest % shape.warp_tiles());
  rest /= shape.warp_tiles();
  const int warp = static_cast<int>(rest % shape.warps());
  const std::int64_t block = rest / shape.warps();
  if (block >= shape.blocks) return;

  // A block that scatters has k of its own, and multiplies for all units.
  const auto first_tile = static_cast<int>(kScatters<Formula> ? block * shape.k_tiles : 0);
  const int k_tile = first_tile + warp / shape.unit_warps * shape.warp_tiles() + tile;
  const std::int64_t first_unit =
      (kScatters<Formula> ? 0 : block * shape.units()) + warp % shape.unit_warps * kOctets * kOctetUnits;
  const bool exists = tile < shape.tiles_of(warp / shape.unit_warps);
  device::Words4 words = {};
  for (int i = 0; i < 4 && exists; ++i) {
    const TileWord word = Layout::word(vector, i, lane);
    const int k_word = shape.in_threes() ? word_of_threes(k_tile, word.word) : k_tile * device::kTileWords + word.word;
    words.words[i] = kernel_word<Formula>(pack, word.gate, first_unit + word.unit, k_word);
  }
  pack.packed[index] = words;
}

}  // namespace rondo
