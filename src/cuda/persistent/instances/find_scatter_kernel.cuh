/// find_scatter_kernel, which instances of scatter_instance.cu.in instantiate once for each Operand and number of
/// octets.
#pragma once

#include "cuda/persistent/kernel/persistent_backward_kernel.cuh"
#include "cuda/persistent/persistent_kernels.h"
#include "recurrence/dispatch_cell.h"

namespace rondo {

template <typename Operand, int kOctets>
BackwardKernel<Operand> find_scatter_kernel(const CellSpec& cell, const KernelRows& rows) {
  return dispatch_plain_cell(cell, [&]<typename Formula>(FormulaTag<Formula>) -> BackwardKernel<Operand> {
    if constexpr (kPhases<Formula> == 1 && has_scatter(PersistentKind::cluster, Formula::kGates)) {
      using Exchange = ScatterExchange<Operand>;
      if (rows.row_tiles == 1) return persistent_backward_kernel<Formula, Operand, Exchange, kOctets, 1>;
      if (rows.row_tiles == 2) return persistent_backward_kernel<Formula, Operand, Exchange, kOctets, 2>;
      throw ValueError("row tiles", std::to_string(rows.row_tiles), "1 or 2");
    }
    throw ValueError("cell", Formula::kName.data(), "one of three or more gates, which have one product");
  });
}

}  // namespace rondo
