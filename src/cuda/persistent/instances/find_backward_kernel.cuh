/// find_backward_kernel, which instances of backward_instance.cu.in instantiate once for each Operand and kind.
#pragma once

#include "cuda/persistent/instances/exchange_of.cuh"
#include "cuda/persistent/kernel/persistent_backward_kernel.cuh"
#include "cuda/persistent/persistent_kernels.h"
#include "recurrence/dispatch_cell.h"

namespace rondo {

/// The kernel with kRowTiles row tiles.
template <typename Formula, typename Operand, PersistentKind kKind, int kOctets, int kRowTiles, GridWords kWords>
BackwardKernel<Operand> find_backward_for_words() {
  if constexpr (has_words(kKind, kRecurrentProduct<BackwardProduct, Operand>, kOctets, kRowTiles, kWords)) {
    using Exchange = typename ExchangeOf<Operand, kKind, kRowTiles, kWords>::Type;
    return persistent_backward_kernel<Formula, Operand, Exchange, kOctets, kRowTiles>;
  }
  throw ValueError("words", std::to_string(static_cast<int>(kWords)), "those that there are kernels for");
}

template <typename Formula, typename Operand, PersistentKind kKind, int kOctets, int kRowTiles>
BackwardKernel<Operand> find_backward_for_rows(const KernelRows& rows) {
  if (rows.row_tiles <= kRowTiles) {
    switch (rows.words) {
      case GridWords::none:
        return find_backward_for_words<Formula, Operand, kKind, kOctets, kRowTiles, GridWords::none>();
      case GridWords::numbered:
        return find_backward_for_words<Formula, Operand, kKind, kOctets, kRowTiles, GridWords::numbered>();
      case GridWords::alone:
        return find_backward_for_words<Formula, Operand, kKind, kOctets, kRowTiles, GridWords::alone>();
      case GridWords::threes: break;
    }
    throw ValueError("words", "threes", "those that there are kernels for");
  }
  constexpr int kMore = 2 * kRowTiles;
  if constexpr (kMore <= most_row_tiles(kKind, kRecurrentProduct<BackwardProduct, Operand>, kOctets)) {
    return find_backward_for_rows<Formula, Operand, kKind, kOctets, kMore>(rows);
  }
  throw ValueError("row tiles", std::to_string(rows.row_tiles), "at most " + std::to_string(kRowTiles));
}

template <typename Operand, PersistentKind kKind, int kOctets>
BackwardKernel<Operand> find_backward_kernel(const CellSpec& cell, const KernelRows& rows) {
  return dispatch_plain_cell(cell, [&]<typename Formula>(FormulaTag<Formula>) -> BackwardKernel<Operand> {
    if constexpr (kPhases<Formula> == 1) {
      return find_backward_for_rows<Formula, Operand, kKind, kOctets, 1>(rows);
    }
    throw ValueError("cell", Formula::kName.data(), "one whose gates have one product");
  });
}

}  // namespace rondo
