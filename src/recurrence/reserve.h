/// What a run keeps for its gradients, and where: one layout for all executors of KeptLayout::common, so that each
/// backward executor reads what any forward executor has written.
///
/// A reserve is one block of memory: kReserveTagBytes with the tag of the run, then
///
///     gates   (rows, kKept, H)    only with Keep::gates: what the formula's `step` passes to `keep`
///     h       (rows, P or H)      h before the step
///     c       (rows, H)           an LSTM's c before the step
///
/// Row r is the step at which a row of x is read, in the order of x: r = t B + b, or the row of a packed x. With
/// segments r = (s / segment) B + b for the processing steps s that a segment begins with, before or behind their
/// resets, which are done again. Rows of steps at which the batch row is dead hold nothing.
///
/// A reserve that is swapped is in the host's memory. After the tag it has chunks, one after another: the gates, h and
/// c of chunk_steps processing steps each, so that a chunk is one copy whatever the order in which rows are read. Its
/// row r is (s - first step of the chunk) B + b, also where x is packed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "recurrence/schedule.h"
#include "rondo/recurrence/recurrence.h"

namespace rondo {

/// The bytes in front of a reserve that say which run it is of.
inline constexpr std::size_t kReserveTagBytes = 256;

struct ReserveLayout {
  std::int64_t rows = 0;     ///< of all, or of a chunk
  std::int64_t gates = 0;    ///< kKept H of a row, 0 where gates are not kept
  std::int64_t h = 0;        ///< features of h
  std::int64_t c = 0;        ///< H of an LSTM, else 0
  DType dtype = DType::f32;  ///< of all elements
  // In bytes from the beginning of the reserve, or of a chunk:
  std::size_t gates_offset = 0;
  std::size_t h_offset = 0;
  std::size_t c_offset = 0;
  std::size_t bytes = 0;  ///< the whole reserve
  // Where the reserve is swapped:
  std::int64_t chunk_steps = 0;
  std::int64_t chunks = 0;
  std::size_t chunk_bytes = 0;
};

/// Whether the reserve of the spec's runs is swapped: with swap_memory on a CUDA device.
bool swaps_reserve(const RecurrenceSpec& spec);

/// The layout for `packed_rows` rows of x, which an unpacked spec ignores. The spec must keep something.
ReserveLayout reserve_layout(const RecurrenceSpec& spec, std::int64_t packed_rows);

/// The dtype of a reserve: that of the spec, but f16 in place of bf16 where the activations bound the gates, because
/// f16 has three bits more. An LSTM's c and a GRU's h U are small where tanh reads them; greater ones than f16 holds
/// become the greatest.
DType reserve_dtype(const RecurrenceSpec& spec);

/// The values that a cell keeps for each unit with Keep::gates, beside its states.
int kept_count(const CellSpec& cell);

/// The row of the reserve that the step has which reads (t, b) of x. `rows` are the strides of x where x is packed.
RONDO_HOST_DEVICE inline std::int64_t reserve_row(const Schedule& schedule, const TimeBatchStrides& x, std::int64_t t,
                                                  std::int64_t b) {
  return x.first_rows == nullptr ? t * schedule.B + b : x.first_rows[t] + b;
}

/// Gates and states of steps: those of a run's reserve, or of a range of steps that was run again.
struct KeptSteps {
  ReserveLayout layout;
  void* memory = nullptr;
  /// Of a range of steps: its first one, and row (s - first_step) B + b. Absent: rows as reserve_row has them.
  std::optional<std::int64_t> first_step = std::nullopt;

  std::int64_t row(const Schedule& schedule, const TimeBatchStrides& x, std::int64_t s, std::int64_t b) const {
    if (first_step) return (s - *first_step) * schedule.B + b;
    return reserve_row(schedule, x, schedule.read_time(s, b), b);
  }
};

}  // namespace rondo
