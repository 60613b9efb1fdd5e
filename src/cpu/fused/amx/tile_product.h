/// The product of rows with a panel on tile registers, for any kind of them: AMX's, and those that tests simulate.
///
/// `Registers` is a type with static functions. Numbers of registers are template arguments, because they are part of
/// the instructions. A register has kTileRows rows of kTilePairs pairs of bf16 or quads in 8 bits, or of kLanes
/// numbers:
///
///     kLanes                              floats of a row of sums
///     load<tile>(address, stride)         fills a register; `stride` has the bytes from one row to the next
///     zero<tile>()
///     store<tile>(address, stride)
///     multiply_bf16<sums, rows, weights>  sums[m][n] += the sum over k of rows[m][k] weights[k][n], which are pairs
///     multiply_int8<sums, rows, weights>  the same of quads with signs, summed in integers of 32 bits
///     configure(), release()              begin and end the use of registers on the calling thread
#pragma once

#include <algorithm>
#include <type_traits>
#include <utility>

#include "cpu/fused/kernels.h"

namespace rondo::fused {

/// What a product multiplies: bf16, numbers split into two bf16, or integers of 8 bits. For the latter rows are Int8Row
/// and what follows it, and the sums are integers, without a start.
enum class TileNumbers : std::uint8_t { bf16, split, int8 };

/// Registers 0 .. 3 have sums. With up to kTileRows rows these are of four vectors; with more of two vectors and two
/// blocks of rows, so that each register of weights is loaded once for two products.
template <typename Registers, int kVectors, TileNumbers kNumbers>
class TileProduct {
 public:
  static void multiply(const PanelProduct& product) {
    const TileProduct self(product);
    if (product.row_count <= kTileRows) {
      self.run<1, 0, kVectors>();
    } else {
      self.run<2, 0, 2>();
      self.run<2, 2, kVectors - 2>();
    }
  }

 private:
  static constexpr int kParts = kNumbers == TileNumbers::split ? 2 : 1;
  static constexpr std::int64_t kRowHead = kNumbers == TileNumbers::int8 ? sizeof(Int8Row) : 0;
  static constexpr int kRows = 4;     ///< the first of two registers of rows
  static constexpr int kWeights = 6;  ///< the first of two registers of weights
  static constexpr std::int64_t kFloat = sizeof(float);
  static constexpr std::int64_t kVectorBytes = Registers::kLanes * kFloat;
  static constexpr std::int64_t kPartBytes = kVectors * kVectorBytes;
  static constexpr std::int64_t kPanelRow = kParts * kPartBytes;
  static constexpr std::int64_t kPrefetchDistance = 8192;  ///< bytes: what a core reads during one access to memory

  explicit TileProduct(const PanelProduct& product)
      : product_(product),
        rows_(reinterpret_cast<const std::byte*>(product.rows[0]) + kRowHead),
        stride_(product.row_stride * kFloat) {}

  template <int kValue>
  using Index = std::integral_constant<int, kValue>;

  /// Calls `use` with Index<0> .. Index<kCount - 1>.
  template <int kCount, typename Use>
  static void unrolled(const Use& use) {
    [&]<int... kIndex>(std::integer_sequence<int, kIndex...>) { (use(Index<kIndex>()), ...); }
    (std::make_integer_sequence<int, kCount>());
  }

  /// Multiplies vectors kFirst .. kFirst + kCount - 1 with kBlocks blocks of rows.
  template <int kBlocks, int kFirst, int kCount>
  void run() const {
    static_assert(kBlocks * kCount <= kRows, "more registers of sums than there are");
    unrolled<kBlocks * kCount>([&]<int kSums>(Index<kSums>) { start<kSums, kFirst + kSums % kCount>(); });
    const std::byte* weights = static_cast<const std::byte*>(product_.panels) + kFirst * kVectorBytes;
    for (std::int64_t k = 0; k < product_.K; k += kTilePairs, weights += kTilePairs * kPanelRow) {
      if (product_.prefetch.what == Prefetch::What::own) prefetch<kCount>(weights + kPrefetchDistance);
      if constexpr (kParts == 1) {
        add<kBlocks, kCount>(k, weights);
      } else {
        add_parts<kBlocks, kCount>(k, weights);
      }
    }
    unrolled<kBlocks * kCount>(
        [&]<int kSums>(Index<kSums>) { store<kSums, kSums / kCount, kFirst + kSums % kCount>(); });
  }

  template <int kSums, int kVector>
  void start() const {
    if (kNumbers == TileNumbers::int8 || product_.start == nullptr) {
      Registers::template zero<kSums>();
    } else {
      Registers::template load<kSums>(product_.start + kVector * Registers::kLanes, 0);
    }
  }

  template <int kRegister>
  void load_rows(int block, std::int64_t k, int part) const {
    const std::int64_t offset = (part * product_.K + k) * kFloat;
    Registers::template load<kRegister>(rows_ + block * kTileRows * stride_ + offset, stride_);
  }

  template <int kRegister>
  static void load_weights(const std::byte* weights, int vector, int part) {
    Registers::template load<kRegister>(weights + part * kPartBytes + vector * kVectorBytes, kPanelRow);
  }

  template <int kSums, int kFactors, int kOthers>
  static void multiply_add() {
    if constexpr (kNumbers == TileNumbers::int8) {
      Registers::template multiply_int8<kSums, kFactors, kOthers>();
    } else {
      Registers::template multiply_bf16<kSums, kFactors, kOthers>();
    }
  }

  template <int kBlocks, int kCount>
  void add(std::int64_t k, const std::byte* weights) const {
    unrolled<kBlocks>([&]<int kBlock>(Index<kBlock>) { load_rows<kRows + kBlock>(kBlock, k, 0); });
    unrolled<kCount>([&]<int kVector>(Index<kVector>) {
      load_weights<kWeights + kVector % 2>(weights, kVector, 0);
      unrolled<kBlocks>([]<int kBlock>(Index<kBlock>) {
        multiply_add<kBlock * kCount + kVector, kRows + kBlock, kWeights + kVector % 2>();
      });
    });
  }

  /// A sum has high high, then high low, then low high, whatever the number of blocks.
  template <int kBlocks, int kCount>
  void add_parts(std::int64_t k, const std::byte* weights) const {
    if constexpr (kBlocks == 1) {
      load_rows<kRows>(0, k, 0);
      load_rows<kRows + 1>(0, k, 1);
    }
    unrolled<kCount>([&]<int kVector>(Index<kVector>) {
      load_weights<kWeights>(weights, kVector, 0);
      load_weights<kWeights + 1>(weights, kVector, 1);
      if constexpr (kBlocks == 1) {
        multiply_add<kVector, kRows, kWeights>();
        multiply_add<kVector, kRows, kWeights + 1>();
        multiply_add<kVector, kRows + 1, kWeights>();
      } else {
        add_two_blocks<kVector, kCount + kVector>(k);
      }
    });
  }

  /// Products of two blocks of rows alternate, because a product waits for the one before it with the same sums.
  template <int kFirstSums, int kSecondSums>
  void add_two_blocks(std::int64_t k) const {
    load_rows<kRows>(0, k, 0);
    load_rows<kRows + 1>(1, k, 0);
    multiply_add<kFirstSums, kRows, kWeights>();
    multiply_add<kSecondSums, kRows + 1, kWeights>();
    multiply_add<kFirstSums, kRows, kWeights + 1>();
    multiply_add<kSecondSums, kRows + 1, kWeights + 1>();
    load_rows<kRows>(0, k, 1);
    load_rows<kRows + 1>(1, k, 1);
    multiply_add<kFirstSums, kRows, kWeights>();
    multiply_add<kSecondSums, kRows + 1, kWeights>();
  }

  /// Stores the rows that the product has. The register's other rows belong to nobody.
  template <int kSums, int kBlock, int kVector>
  void store() const {
    constexpr std::int64_t kWidth = std::int64_t{kVectors} * Registers::kLanes;
    const int first = kBlock * kTileRows;
    const int count = std::min(product_.row_count - first, kTileRows);
    float* const target = product_.sums + first * kWidth + kVector * Registers::kLanes;
    if (count == kTileRows) {
      Registers::template store<kSums>(target, kWidth * kFloat);
      return;
    }
    alignas(64) float rows[kTileRows][Registers::kLanes];
    Registers::template store<kSums>(rows, kVectorBytes);
    for (int row = 0; row < count; ++row) std::copy_n(rows[row], Registers::kLanes, target + row * kWidth);
  }

  /// Fetches the weights of a tile of k into the second-level cache.
  template <int kCount>
  static void prefetch(const std::byte* weights) {
    constexpr std::int64_t kLine = 64;
    for (int row = 0; row < kTilePairs; ++row, weights += kPanelRow) {
      for (int part = 0; part < kParts; ++part) {
        for (std::int64_t byte = 0; byte < kCount * kVectorBytes; byte += kLine) {
          __builtin_prefetch(weights + part * kPartBytes + byte, 0, 2);
        }
      }
    }
  }

  const PanelProduct& product_;
  const std::byte* const rows_;
  const std::int64_t stride_;
};

template <typename Registers, TileNumbers kNumbers>
ProductKernel tile_product_of(int vectors) {
  if (vectors == 3) return {TileProduct<Registers, 3, kNumbers>::multiply, kMostTileRows, kTileRows};
  return {TileProduct<Registers, 4, kNumbers>::multiply, kMostTileRows, kTileRows};
}

template <typename Registers>
ProductKernel tile_product(int vectors, int parts) {
  return parts == 2 ? tile_product_of<Registers, TileNumbers::split>(vectors)
                    : tile_product_of<Registers, TileNumbers::bf16>(vectors);
}

/// A table of kernels with products on tile registers: the others are those of `vectors`, which has Registers::kLanes
/// lanes. `target` names it.
template <typename Registers>
KernelTable with_tiles(const KernelTable& vectors, const char* target) {
  static constexpr TileKernels kTiles{.product = tile_product<Registers>,
                                      .int8_product = tile_product_of<Registers, TileNumbers::int8>,
                                      .configure = Registers::configure,
                                      .release = Registers::release};
  KernelTable table = vectors;
  table.target = target;
  table.tiles = &kTiles;
  return table;
}

}  // namespace rondo::fused
