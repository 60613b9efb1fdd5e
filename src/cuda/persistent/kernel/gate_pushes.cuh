/// Pushes of dG, in kernels of gradients. `Rows` are UnitGradients (unit_gradients.cuh).
#pragma once

#include <type_traits>

#include "cuda/device/thread.cuh"
#include "cuda/device/unroll.cuh"
#include "cuda/persistent/shape/tile_layout.h"

namespace rondo {

/// Some gates of a cell, one behind the other, whose dG travels in one exchange.
template <int kFirstValue, int kCountValue>
struct PushedGates {
  static constexpr int kFirst = kFirstValue;
  static constexpr int kCount = kCountValue;
};
template <typename Formula>
using AllGates = PushedGates<0, Formula::kGates>;
/// The gates of the two exchanges of a cell whose candidate has a product of its own.
template <typename Formula>
using CandidateGate = PushedGates<Formula::kProductsBeforeReset, 1>;
template <typename Formula>
using OtherGates = PushedGates<0, Formula::kProductsBeforeReset>;

/// Calls function with each number below kCount, as a constant.
template <int kCount, int kNumber = 0, typename Function>
__device__ inline void for_numbers(const Function& function) {
  if constexpr (kNumber < kCount) {
    function(std::integral_constant<int, kNumber>{});
    for_numbers<kCount, kNumber + 1>(function);
  }
}

/// Pushes dG of each row that this thread has in a pass to all blocks of the team.
template <typename Gates, typename Exchange, typename Rows>
__device__ inline void push_gates(Exchange& exchange, const Rows& rows, int pass) {
  rows.for_rows(pass, [&](int i) {
    for_numbers<Gates::kCount>([&]<int kGate>(std::integral_constant<int, kGate>) {
      exchange.template push<kGate>(rows.behind_first(i), rows.pushed(i, Gates::kFirst + kGate), rows.is_pushed(i));
    });
  });
}

/// As make_room of row_passes.cuh, for dG of some gates.
template <typename Gates, typename Exchange, typename Rows>
__device__ inline void make_room_for_gates(const Exchange& exchange, const Rows& rows) {
  if constexpr (Exchange::kMakesRoom) {
    RONDO_UNROLL
    for (int i = 0; i < Rows::kRows; ++i) {
      for_numbers<Gates::kCount>([&]<int kGate>(std::integral_constant<int, kGate>) {
        exchange.template make_room<kGate>(rows.behind_first(i), rows.is_pushed(i));
      });
    }
  }
}

}  // namespace rondo
