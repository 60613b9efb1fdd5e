/// find_persistent_kernel, to be instantiated once for each Operand and kind.
#pragma once

#include "cuda/persistent/persistent_kernel.cuh"
#include "cuda/persistent/persistent_kernels.h"
#include "recurrence/dispatch_cell.h"

namespace rondo {

template <typename Operand, PersistentKind kKind, int kOctets, int kRowTiles>
struct ExchangeOf {
  using Type = BlockExchange<Operand>;
};
template <typename Operand, int kOctets, int kRowTiles>
struct ExchangeOf<Operand, PersistentKind::cluster, kOctets, kRowTiles> {
  using Type = ClusterExchange<Operand>;
};
template <typename Operand, int kOctets, int kRowTiles>
struct ExchangeOf<Operand, PersistentKind::grid, kOctets, kRowTiles> {
  static constexpr bool kThrees = grid_words_of(kRowTiles, kOctets) == GridWords::threes;
  using Type = std::conditional_t<kThrees, ThreesExchange<Operand>, GridExchange<Operand, kRowTiles>>;
};

template <typename Formula, typename Operand, PersistentKind kKind, int kOctets, int kRowTiles>
PersistentKernel<Operand> find_for_rows(int row_tiles, Streams streams) {
  using Exchange = typename ExchangeOf<Operand, kKind, kOctets, kRowTiles>::Type;
  if (row_tiles <= kRowTiles) {
    if constexpr (streams_once(kKind, kRecurrentProduct<Formula, Operand>, kOctets, kRowTiles)) {
      if (streams == Streams::once) {
        return persistent_kernel<Formula, Operand, Exchange, kOctets, kRowTiles, Streams::once>;
      }
    }
    return persistent_kernel<Formula, Operand, Exchange, kOctets, kRowTiles>;
  }
  constexpr int kMore = 2 * kRowTiles;
  if constexpr (kMore <= most_row_tiles(kKind, kRecurrentProduct<Formula, Operand>, kOctets)) {
    return find_for_rows<Formula, Operand, kKind, kOctets, kMore>(row_tiles, streams);
  }
  throw ValueError("row tiles", std::to_string(row_tiles), "at most " + std::to_string(kRowTiles));
}

template <typename Operand, PersistentKind kKind, int kOctets>
PersistentKernel<Operand> find_persistent_kernel(const CellSpec& cell, const KernelRows& rows) {
  return dispatch_plain_cell(cell, [&]<typename Formula>(FormulaTag<Formula>) -> PersistentKernel<Operand> {
    if constexpr (has_octets(kKind, kRecurrentProduct<Formula, Operand>, kOctets)) {
      return find_for_rows<Formula, Operand, kKind, kOctets, 1>(rows.row_tiles, rows.streams);
    }
    throw ValueError("octets", std::to_string(kOctets), "one of those that the cell has kernels for");
  });
}

}  // namespace rondo
