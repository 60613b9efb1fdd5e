/// find_backward_kernel, which instances of backward_instance.cu.in instantiate once for each Operand and kind.
#pragma once

#include "cuda/persistent/instances/exchange_of.cuh"
#include "cuda/persistent/kernel/persistent_backward_kernel.cuh"
#include "cuda/persistent/persistent_kernels.h"
#include "recurrence/dispatch_cell.h"

namespace rondo {

/// The kernel with kRowTiles row tiles, whose words are those of gradient_words.
template <typename Formula, typename Operand, PersistentKind kKind, int kOctets, int kRowTiles>
BackwardKernel<Operand> find_backward_for_rows(const KernelRows& rows) {
  if (rows.row_tiles <= kRowTiles) {
    using Exchange = typename ExchangeOf<Operand, kKind, kRowTiles, gradient_words(kKind, kRowTiles)>::Type;
    return persistent_backward_kernel<Formula, Operand, Exchange, kOctets, kRowTiles>;
  }
  constexpr int kMore = 2 * kRowTiles;
  if constexpr (kMore <= most_row_tiles(kKind, kRecurrentProduct<GatheredProduct<Formula>, Operand>, kOctets)) {
    return find_backward_for_rows<Formula, Operand, kKind, kOctets, kMore>(rows);
  }
  throw ValueError("row tiles", std::to_string(rows.row_tiles), "at most " + std::to_string(kRowTiles));
}

template <typename Operand, PersistentKind kKind, int kOctets>
BackwardKernel<Operand> find_backward_kernel(const CellSpec& cell, const KernelRows& rows) {
  return dispatch_plain_cell(cell, [&]<typename Formula>(FormulaTag<Formula>) {
    return find_backward_for_rows<Formula, Operand, kKind, kOctets, 1>(rows);
  });
}

}  // namespace rondo
