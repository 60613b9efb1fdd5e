/// The rows of packed batches, in the form that executors read.
#pragma once

#include <vector>

#include "recurrence/buffers.h"
#include "rondo/plan/plan.h"

namespace rondo {

/// Rows of the states, and of the last output, of a run.
inline std::int64_t state_rows(const RecurrenceSpec& spec) { return spec.state_rows > 0 ? spec.state_rows : spec.B; }

/// What a session keeps of the packed batch of its last run.
class PackedRows {
 public:
  /// Allocates memory for all batches of the spec, on its device.
  explicit PackedRows(const RecurrenceSpec& spec);

  /// Computes where the rows of a batch are, on the CPU at once, on a CUDA device in the order of `stream`. Throws
  /// `ValueError`, before anything is queued, for `batch_sizes` and `row_indices` that do not fit; what the device
  /// alone can read is checked there (`flags` are RecurrenceBuffers::flags).
  void update(const RecurrenceSpec& spec, const SessionTensors& tensors, std::uint32_t* flags, Stream stream);

  /// Adds the rows to a schedule.
  void add_to(Schedule& schedule, const SessionTensors& tensors) const;

  /// [T + 1]: where the rows of each step begin.
  const std::int32_t* first_rows() const { return rows_.data<std::int32_t>(); }

 private:
  void compute(const RecurrenceSpec& spec, const SessionTensors& tensors, std::int32_t* rows);
  void compute_on_device(const RecurrenceSpec& spec, const SessionTensors& tensors, std::uint32_t* flags,
                         Stream stream) const;

  std::int64_t T_;
  std::int64_t B_;
  Tensor rows_;                     ///< (T + 1 + 2 B) i32: first_rows, lengths, row_indices
  std::vector<std::int32_t> host_;  ///< the same, where the host computes it for a CUDA device
  std::vector<bool> taken_;         ///< memory of check_packed_numbers
};

/// Throws `ValueError` for numbers on the CPU that are no packed batch of `rows` rows. `taken` is memory that it uses,
/// and that it makes larger at most once.
void check_packed_numbers(const RecurrenceSpec& spec, const SessionTensors& tensors, std::vector<bool>& taken);

/// Throws `ValueError` unless `batch_sizes` and `row_indices` have the shape, dtype and device that a run of the spec
/// takes, and are absent where the spec is not packed.
void check_packed_arguments(const RecurrenceSpec& spec, const SessionTensors& tensors);

}  // namespace rondo
