/// Which time step is read and written at processing step s for row b, and whether the row is live there.
///
/// Plain data with host-device functions: every executor, on every device, asks these and nothing else about masks,
/// lengths, reversals and layouts.
#pragma once

#include <cstdint>

#include "rondo/recurrence/recurrence.h"
#include "rondo/vocabulary/host_device.h"

namespace rondo {

/// Strides, in elements, of something with a value for each time step and row; the innermost axis has stride 1.
struct TimeBatchStrides {
  std::int64_t time = 0;
  std::int64_t batch = 0;

  bool operator==(const TimeBatchStrides&) const = default;

  RONDO_HOST_DEVICE std::int64_t offset(std::int64_t t, std::int64_t b) const { return t * time + b * batch; }
};

struct Schedule {
  std::int64_t T = 0;
  std::int64_t B = 0;
  ReadOrder read_order = ReadOrder::forward;
  WriteOrder write_order = WriteOrder::processing;
  DeadOutput dead_output = DeadOutput::previous_output;
  const bool* mask = nullptr;  ///< true: live; null: no mask
  TimeBatchStrides mask_strides = {};
  const std::int32_t* lengths = nullptr;  ///< [B]; null: every row has T steps
  std::int64_t length_stride = 1;

  bool operator==(const Schedule&) const = default;

  /// Whether row b was given a number of steps that there is.
  RONDO_HOST_DEVICE bool length_fits(std::int64_t b) const {
    return lengths == nullptr || (lengths[b * length_stride] >= 0 && lengths[b * length_stride] <= T);
  }

  /// Steps of row b, in 0 .. T whatever the memory holds.
  RONDO_HOST_DEVICE std::int64_t length(std::int64_t b) const {
    if (lengths == nullptr) return T;
    const std::int64_t given = lengths[b * length_stride];
    return given < 0 ? 0 : (given > T ? T : given);
  }

  /// The first steps of a row of `length` steps, so many, are read backwards; beyond its length a row stays in place,
  /// as tf.reverse_sequence has it.
  RONDO_HOST_DEVICE std::int64_t reversed_steps(std::int64_t length) const {
    if (read_order == ReadOrder::forward) return 0;
    return read_order == ReadOrder::reversed ? T : length;
  }

  /// The input step t that processing step s of row b reads.
  RONDO_HOST_DEVICE std::int64_t read_time(std::int64_t s, std::int64_t b) const {
    const std::int64_t reversed = reversed_steps(read_order == ReadOrder::reversed_within_length ? length(b) : T);
    return s < reversed ? reversed - 1 - s : s;
  }

  /// Where the output of processing step s of row b goes.
  RONDO_HOST_DEVICE std::int64_t write_time(std::int64_t s, std::int64_t b) const {
    return write_order == WriteOrder::processing ? s : read_time(s, b);
  }

  /// Mask and length speak of input steps: they are reversed together with the input.
  RONDO_HOST_DEVICE bool live(std::int64_t s, std::int64_t b) const {
    const std::int64_t t = read_time(s, b);
    return t < length(b) && (mask == nullptr || mask[mask_strides.offset(t, b)]);
  }
};

}  // namespace rondo
