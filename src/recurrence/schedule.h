/// Which time step is read and written at processing step s for row b, whether row b is live at step s, whether its
/// states are replaced before that, and what it emits where it is not live.
///
/// Schedule is data with host-device functions. Every executor, on every device, uses these functions and nothing else
/// for masks, lengths, resets, reversals and layouts.
#pragma once

#include <cstdint>

#include "rondo/recurrence/time_rules.h"
#include "rondo/vocabulary/host_device.h"

namespace rondo {

/// Strides, in elements, of a tensor with an entry for each time step and row; the innermost axis has stride 1. A
/// packed tensor has the rows of step 0, then those of step 1, and so on, `batch` apart: only rows that reach the step.
struct TimeBatchStrides {
  std::int64_t time = 0;
  std::int64_t batch = 0;
  const std::int32_t* first_rows = nullptr;  ///< [T] of a packed tensor: where the rows of each step begin

  bool operator==(const TimeBatchStrides&) const = default;

  RONDO_HOST_DEVICE std::int64_t offset(std::int64_t t, std::int64_t b) const {
    return first_rows == nullptr ? t * time + b * batch : (first_rows[t] + b) * batch;
  }
  /// `offset` for times and rows of 32 bits, which must not be negative: they cost a device half as much as 64 bits.
  RONDO_HOST_DEVICE std::int64_t offset_32(std::int32_t t, std::int32_t b) const {
    const std::int64_t row = static_cast<std::uint32_t>(b);
    if (first_rows != nullptr) return static_cast<std::uint32_t>(first_rows[t] + b) * batch;
    return static_cast<std::uint32_t>(t) * time + row * batch;
  }
  /// Whether the tensor has an entry for step t of a row with this length: a packed one has no padding.
  RONDO_HOST_DEVICE bool has(std::int64_t t, std::int64_t length) const { return first_rows == nullptr || t < length; }
};

/// The steps of a row, in 0 .. T. A kernel that needs them in every step keeps them in a register of 32 bits.
struct RowLength {
  std::int32_t steps = 0;
};

/// The processing steps first .. last - 1.
struct StepRange {
  std::int32_t first = 0;
  std::int32_t last = 0;
};

struct Schedule {
  std::int64_t T = 0;
  std::int64_t B = 0;
  TimeRules rules = {};
  const bool* mask = nullptr;  ///< true: live; null: no mask
  TimeBatchStrides mask_strides = {};
  const std::int32_t* lengths = nullptr;  ///< [B]; null: every row has T steps
  std::int64_t length_stride = 1;
  const bool* resets = nullptr;  ///< true: input step t begins a new piece of row b; null: each row is one piece
  TimeBatchStrides reset_strides = {};
  const std::int32_t* row_indices = nullptr;  ///< [B]: the row of the states that row b has; null: row b

  bool operator==(const Schedule&) const = default;

  /// The row of initial, reset and final states, and of the last output, that row b has.
  RONDO_HOST_DEVICE std::int64_t state_row(std::int64_t b) const { return row_indices == nullptr ? b : row_indices[b]; }

  /// Whether the length of row b is in 0 .. T.
  RONDO_HOST_DEVICE bool length_fits(std::int64_t b) const {
    return lengths == nullptr || (lengths[b * length_stride] >= 0 && lengths[b * length_stride] <= T);
  }

  /// Steps of row b: its length, clamped to 0 .. T.
  RONDO_HOST_DEVICE std::int64_t length(std::int64_t b) const {
    if (lengths == nullptr) return T;
    const std::int64_t given = lengths[b * length_stride];
    return given < 0 ? 0 : (given > T ? T : given);
  }

  /// How many leading steps of a row of `length` steps are read in reverse. Later steps are read in place, as in
  /// tf.reverse_sequence.
  RONDO_HOST_DEVICE std::int64_t reversed_steps(std::int64_t length) const {
    if (rules.read == ReadOrder::forward) return 0;
    return rules.read == ReadOrder::reversed ? T : length;
  }

  /// The input step t that processing step s of row b reads. The formula stands twice, for time in 64 and in 32 bits:
  /// with one function for both widths, the time loops of kernels have more instructions.
  RONDO_HOST_DEVICE std::int64_t read_time(std::int64_t s, std::int64_t b) const {
    const std::int64_t leading = reversed_steps(rules.read == ReadOrder::reversed_within_length ? length(b) : T);
    return s < leading ? leading - 1 - s : s;
  }
  RONDO_HOST_DEVICE std::int32_t read_time(std::int32_t s, RowLength length) const {
    const auto leading = static_cast<std::int32_t>(reversed_steps(length.steps));
    return s < leading ? leading - 1 - s : s;
  }

  /// The time step at which the output of processing step s of row b is written.
  RONDO_HOST_DEVICE std::int64_t write_time(std::int64_t s, std::int64_t b) const {
    return rules.write == WriteOrder::processing ? s : read_time(s, b);
  }
  RONDO_HOST_DEVICE std::int32_t write_time(std::int32_t s, RowLength length) const {
    return rules.write == WriteOrder::processing ? s : read_time(s, length);
  }

  /// Whether row b is live at processing step s. Mask and length count input steps, so they are reversed together with
  /// the input.
  RONDO_HOST_DEVICE bool live(std::int64_t s, std::int64_t b) const {
    const std::int64_t t = read_time(s, b);
    return t < length(b) && (mask == nullptr || mask[mask_strides.offset(t, b)]);
  }
  /// The address of the mask's byte for input step t and row b. The mask must not be null.
  RONDO_HOST_DEVICE const std::uint8_t* mask_byte(std::int32_t t, std::int32_t b) const {
    return reinterpret_cast<const std::uint8_t*>(mask) + mask_strides.offset_32(t, b);
  }
  /// The mask's byte for input step t of row b, and 1 without a mask; zero: dead. Step t must be within the row's
  /// length. A kernel that does not use the byte at once does not wait for the memory.
  RONDO_HOST_DEVICE std::uint8_t live_byte(std::int32_t t, std::int32_t b) const {
    return mask == nullptr ? std::uint8_t{1} : *mask_byte(t, b);
  }

  /// Whether every row is live at every step and keeps its states, because there are no masks, lengths and resets.
  RONDO_HOST_DEVICE bool all_live() const { return mask == nullptr && lengths == nullptr && resets == nullptr; }

  /// The input step whose mark tells whether the states of a row are replaced before processing step s. That step is t,
  /// the one that s reads, if the row is read forward: then t begins a piece. If the row is read in reverse, it is
  /// t + 1: then t ends the piece in front of the one that t + 1 begins. At a row's length or later there is no mark.
  RONDO_HOST_DEVICE std::int64_t reset_time(std::int64_t s, std::int64_t b) const {
    const std::int64_t leading = reversed_steps(rules.read == ReadOrder::reversed_within_length ? length(b) : T);
    return s < leading ? leading - s : s;
  }
  RONDO_HOST_DEVICE std::int32_t reset_time(std::int32_t s, RowLength length) const {
    const auto leading = static_cast<std::int32_t>(reversed_steps(length.steps));
    return s < leading ? leading - s : s;
  }
  /// Whether the states of row b are replaced before processing step s, be the row live or dead there.
  RONDO_HOST_DEVICE bool resets_before(std::int64_t s, std::int64_t b) const {
    if (resets == nullptr) return false;
    const std::int64_t t = reset_time(s, b);
    return t < length(b) && resets[reset_strides.offset(t, b)];
  }
  /// The address of the mark's byte for processing step s of row b; null: there is no mark.
  RONDO_HOST_DEVICE const std::uint8_t* reset_mark(std::int32_t s, std::int32_t b, RowLength length) const {
    if (resets == nullptr) return nullptr;
    const std::int32_t t = reset_time(s, length);
    if (t >= length.steps) return nullptr;
    return reinterpret_cast<const std::uint8_t*>(resets) + reset_strides.offset_32(t, b);
  }
  /// The mark's byte, and 0 where there is none; not zero: the states are replaced.
  RONDO_HOST_DEVICE std::uint8_t reset_byte(std::int32_t s, std::int32_t b, RowLength length) const {
    const std::uint8_t* mark = reset_mark(s, b, length);
    return mark == nullptr ? std::uint8_t{0} : *mark;
  }

  /// Whether row b has been live in its piece up to processing step s, included, where `before` says so of step s - 1.
  RONDO_HOST_DEVICE bool was_live(bool before, std::int64_t s, std::int64_t b) const {
    return live(s, b) || (before && !resets_before(s, b));
  }

  /// Whether a row emits zeros in place of its h at a step. The output of every cell is its h, and h does not change
  /// while a row is dead: so the previous output is h, or zeros if the row has never been live. `live` is the row at
  /// this step, `never_live` the row at all steps of its piece up to this one, included.
  RONDO_HOST_DEVICE bool emits_zeros(bool live, bool never_live) const {
    const DeadOutput dead = rules.dead;  // read before any branch, so that a kernel keeps it in a register
    if (live || dead == DeadOutput::incoming_state) return false;
    return dead == DeadOutput::zeros || never_live;
  }

  /// The processing steps at which one of the `rows` rows from `first_row` on may be live by its length. The states of
  /// these rows change at no other step.
  RONDO_HOST_DEVICE StepRange steps_to_compute(std::int32_t first_row, int rows) const {
    const auto all = static_cast<std::int32_t>(T);
    if (lengths == nullptr) return {0, all};
    std::int32_t longest = 0;
    for (int row = 0; row < rows; ++row) {
      const auto steps = static_cast<std::int32_t>(length(first_row + row));
      longest = steps > longest ? steps : longest;
    }
    if (rules.read == ReadOrder::reversed) return {all - longest, all};
    return {0, longest};
  }
};

}  // namespace rondo
