/// Runs of random recurrences as packed batches.
#pragma once

#include "support/gradient_run.h"

namespace rondo::test {

/// How a batch is packed.
struct Packing {
  bool by_index = true;  ///< the states keep their order, and the run has row_indices; else the states are sorted, too
  bool sizes_on_host = true;  ///< else batch_sizes and row_indices are on the spec's device
  DType sizes = DType::i64;   ///< the dtype of both
};

/// Whether a packed batch can hold the recurrence: no mask, lengths, and rows that are read within them.
bool can_be_packed(const RecurrenceSpec& spec);

/// Makes a recurrence that can be packed one that a packed batch holds whole: dead positions of x are zeros, and one
/// row has all steps.
void draw_longest_row(Random& random, RandomRecurrence& recurrence);

/// The spec of `recurrence` as a packed batch, whose steps are those of its longest row.
RecurrenceSpec packed_spec(const RandomRecurrence& recurrence);

/// Runs a plan of packed_spec. The results are padded: zeros are where the packed batch has no rows.
RunResult run_packed(const Plan& plan, const RandomRecurrence& recurrence, const Packing& packing);

/// Runs a plan of packed_spec, and its gradients: of x, the initial states, the given reset states and the two kernels.
/// They are padded as the results of run_packed are.
Gradients packed_gradients(const Plan& plan, const RandomRecurrence& recurrence, const Upstream& upstream,
                           const Packing& packing);

/// Makes y zeros at a row's length and later.
void clear_padding(RunResult& result, const RandomRecurrence& recurrence);

}  // namespace rondo::test
