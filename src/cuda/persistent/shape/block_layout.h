/// How much a block of a persistent kernel keeps in registers and in shared memory, for the host.
#pragma once

#include <algorithm>
#include <type_traits>

#include "cuda/persistent/shape/shared_layout.h"
#include "recurrence/dispatch_cell.h"

namespace rondo {

template <int kOctets>
using Octets = std::integral_constant<int, kOctets>;

/// Calls `function(FormulaTag<Formula>{}, Octets<octets>{})` and returns its result. A shape's octets become a constant
/// only here.
template <typename Operand, typename Formula, int kOctets = kMostOctets, typename Function>
decltype(auto) dispatch_octets(int octets, Function&& function) {
  if constexpr (kOctets > 1) {
    constexpr RecurrentProduct kProduct = kRecurrentProduct<Formula, Operand>;
    if constexpr (has_octets(kProduct.scatters ? PersistentKind::cluster : PersistentKind::grid, kProduct, kOctets)) {
      if (octets == kOctets) return function(FormulaTag<Formula>{}, Octets<kOctets>{});
    }
    return dispatch_octets<Operand, Formula, kOctets - 1>(octets, function);
  } else {
    if (octets != 1) throw ValueError("octets", std::to_string(octets), "one of those that the cell has kernels for");
    return function(FormulaTag<Formula>{}, Octets<1>{});
  }
}

/// As dispatch_octets, for the formula of `cell` or, where a shape is of gradients, for BackwardProduct,
/// ResetBackwardProduct or ScatterProduct.
template <typename Operand, typename Function>
decltype(auto) dispatch_formula(const CellSpec& cell, const PersistentShape& shape, Function&& function) {
  if (shape.scatters()) return dispatch_octets<Operand, ScatterProduct>(shape.octets, function);
  if (shape.candidate_apart) return dispatch_octets<Operand, ResetBackwardProduct>(shape.octets, function);
  if (shape.is_backward()) return dispatch_octets<Operand, BackwardProduct>(shape.octets, function);
  return dispatch_plain_cell(cell, [&]<typename Formula>(FormulaTag<Formula>) {
    return dispatch_octets<Operand, Formula>(shape.octets, function);
  });
}

/// What a block keeps, in bytes.
struct BlockBytes {
  std::size_t register_weights = 0;
  std::size_t shared_weights = 0;
  std::size_t streamed_weights = 0;  ///< read for each product
  std::size_t input_weights = 0;     ///< W, in shared memory
  std::size_t operands = 0;          ///< rows of h
  std::size_t sums = 0;              ///< the sums of a product
  std::size_t input_sums = 0;        ///< the sums of x W of a pass
  std::size_t shared = 0;            ///< all shared memory
};

template <typename Operand>
BlockBytes block_bytes(const CellSpec& cell, const PersistentShape& shape) {
  return dispatch_formula<Operand>(
      cell, shape, [&]<typename Formula, int kOctets>(FormulaTag<Formula>, Octets<kOctets>) {
        const BlockNeeds needs = block_needs<Formula, Operand, kOctets>(shape);
        const auto tile_bytes = std::size_t{16} * static_cast<std::size_t>(shape.threads() * needs.vectors);
        const auto tiles = static_cast<std::size_t>(shape.warp_tiles());
        const auto resident = std::min(tiles, static_cast<std::size_t>(needs.resident));
        const auto in_shared = static_cast<std::size_t>(shared_tiles(shape, needs.resident));
        const SharedLayout layout = shared_layout(shape, needs);
        const auto input_sums = shape.multiplies_inputs() ? input_sum_count(shape, needs) : 0;
        return BlockBytes{
            .register_weights = tile_bytes * resident,
            .shared_weights = tile_bytes * in_shared,
            .streamed_weights = tile_bytes * (tiles - resident - in_shared),
            .input_weights = layout.input_rows - layout.input_weights,
            .operands = operand_bytes(shape, needs.pass_rows) * static_cast<std::size_t>(needs.operand_places),
            .sums = sizeof(float) * static_cast<std::size_t>(sum_count(shape, needs)),
            .input_sums = sizeof(float) * static_cast<std::size_t>(input_sums),
            .shared = layout.bytes};
      });
}

}  // namespace rondo
