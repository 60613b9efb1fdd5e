/// find_persistent_kernel, which instances of instance.cu.in instantiate once for each Operand and kind.
#pragma once

#include "cuda/persistent/instances/exchange_of.cuh"
#include "cuda/persistent/kernel/persistent_kernel.cuh"
#include "cuda/persistent/persistent_kernels.h"
#include "recurrence/dispatch_cell.h"

namespace rondo {

/// The kernel with kRowTiles row tiles.
template <typename Formula, typename Operand, PersistentKind kKind, int kOctets, int kRowTiles, GridWords kWords>
PersistentKernel<Operand> find_for_words(const KernelRows& rows) {
  constexpr RecurrentProduct kProduct = kRecurrentProduct<Formula, Operand>;
  if constexpr (has_words(kKind, kProduct, kOctets, kRowTiles, kWords)) {
    using Exchange = typename ExchangeOf<Operand, kKind, kRowTiles, kWords>::Type;
    if constexpr (streams_once(kKind, kProduct, kOctets, kRowTiles)) {
      if (rows.streams == Streams::once) {
        return persistent_kernel<Formula, Operand, Exchange, kOctets, kRowTiles, Streams::once>;
      }
    }
    return persistent_kernel<Formula, Operand, Exchange, kOctets, kRowTiles>;
  }
  throw ValueError("words", std::to_string(static_cast<int>(kWords)), "those that there are kernels for");
}

template <typename Formula, typename Operand, PersistentKind kKind, int kOctets, int kRowTiles>
PersistentKernel<Operand> find_for_rows(const KernelRows& rows) {
  if (rows.row_tiles <= kRowTiles) {
    switch (rows.words) {
      case GridWords::none: return find_for_words<Formula, Operand, kKind, kOctets, kRowTiles, GridWords::none>(rows);
      case GridWords::numbered:
        return find_for_words<Formula, Operand, kKind, kOctets, kRowTiles, GridWords::numbered>(rows);
      case GridWords::threes:
        return find_for_words<Formula, Operand, kKind, kOctets, kRowTiles, GridWords::threes>(rows);
      case GridWords::alone: return find_for_words<Formula, Operand, kKind, kOctets, kRowTiles, GridWords::alone>(rows);
    }
  }
  constexpr int kMore = 2 * kRowTiles;
  if constexpr (kMore <= most_row_tiles(kKind, kRecurrentProduct<Formula, Operand>, kOctets)) {
    return find_for_rows<Formula, Operand, kKind, kOctets, kMore>(rows);
  }
  throw ValueError("row tiles", std::to_string(rows.row_tiles), "at most " + std::to_string(kRowTiles));
}

template <typename Operand, PersistentKind kKind, int kOctets>
PersistentKernel<Operand> find_persistent_kernel(const CellSpec& cell, const KernelRows& rows) {
  return dispatch_plain_cell(cell, [&]<typename Formula>(FormulaTag<Formula>) -> PersistentKernel<Operand> {
    if constexpr (has_octets(kKind, kRecurrentProduct<Formula, Operand>, kOctets)) {
      return find_for_rows<Formula, Operand, kKind, kOctets, 1>(rows);
    }
    throw ValueError("octets", std::to_string(kOctets), "one of those that the cell has kernels for");
  });
}

}  // namespace rondo
