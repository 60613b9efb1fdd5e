/// Passes of a team's rows, and the pushes of the rows of a thread. `Counts` are PassCounts (unit_place.h), `Rows` are
/// UnitRows (unit_rows.cuh).
#pragma once

#include "cuda/device/unroll.cuh"

namespace rondo {

/// Calls function(pass) for all passes that have rows. The loop is not unrolled, because a product is most of a
/// kernel's code.
template <typename Counts, typename Function>
__device__ inline void for_passes(int rows, const Function& function) {
  RONDO_KEEP_LOOP
  for (int pass = 0; pass < Counts::kPasses; ++pass) {
    if (pass == 0 || pass * Counts::kPassRows < rows) function(pass);
  }
}

/// How many of a team's `rows` are in the pass whose first row is `first`.
template <typename Counts>
__device__ inline int rows_of_pass(int rows, int first) {
  return rows - first < Counts::kPassRows ? rows - first : Counts::kPassRows;
}

/// Pushes `value(i)` of each row that this thread has in a pass to all blocks of the team.
template <typename Exchange, typename Rows, typename Value>
__device__ inline void push_rows(Exchange& exchange, const Rows& rows, int pass, const Value& value) {
  rows.for_rows(pass, [&](int i) { exchange.push(rows.behind_first(i), value(i), rows.is_pushed(i)); });
}

/// Makes room for the next pushes of all rows of this thread. The caller has ended the pushes before.
template <typename Exchange, typename Rows>
__device__ inline void make_room(const Exchange& exchange, const Rows& rows) {
  if constexpr (Exchange::kMakesRoom) {
    RONDO_UNROLL
    for (int i = 0; i < Rows::kRows; ++i) exchange.make_room(rows.behind_first(i), rows.is_pushed(i));
  }
}

}  // namespace rondo
