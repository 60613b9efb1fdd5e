/// The addresses of one run: raw pointers and strides, whose element type is the spec's dtype.
#pragma once

#include <array>
#include <cstdint>

#include "recurrence/schedule.h"
#include "rondo/vocabulary/host_device.h"
#include "rondo/vocabulary/stall.h"

namespace rondo {

/// The most states of any cell: h and c.
inline constexpr int kMaxStates = 2;

/// A sequence (T, B, width) whose innermost axis has no gaps. Null data: absent.
struct SequenceBuffer {
  void* data = nullptr;
  TimeBatchStrides strides;
  std::int64_t packed_rows = 0;  ///< of a packed sequence: how many it has

  bool operator==(const SequenceBuffer&) const = default;
};

/// Rows (B, width) whose innermost axis has no gaps, in the order of Schedule::state_row. Null data: absent.
struct BatchBuffer {
  void* data = nullptr;
  std::int64_t stride = 0;

  bool operator==(const BatchBuffer&) const = default;
};

/// Weights in Keras's layout, row-major without gaps; `recurrent_bias` is the second row of a bias with two rows. A
/// weight that the cell does not have is null.
struct WeightBuffers {
  const void* kernel = nullptr;
  const void* recurrent_kernel = nullptr;
  const void* bias = nullptr;
  const void* recurrent_bias = nullptr;
  const void* peepholes = nullptr;   ///< (3, H), rows w_i w_f w_o
  const void* projection = nullptr;  ///< (H, P)
};

struct RecurrenceBuffers {
  SequenceBuffer x;
  std::array<BatchBuffer, kMaxStates> initial_state;  ///< absent: zeros
  std::array<BatchBuffer, kMaxStates> reset_state;    ///< what a reset replaces the states by; absent: zeros. A stride
                                                      ///< of 0 has one row for all
  SequenceBuffer y;                                   ///< absent: no sequence is written
  BatchBuffer last_output;
  std::array<BatchBuffer, kMaxStates> final_state;  ///< may be the initial states
  Schedule schedule;
  void* reserve = nullptr;  ///< laid out as reserve.h says; iff the spec keeps something
  /// The first of kFlagWords words of device memory, in which a run on a CUDA device sets bits such as
  /// kLengthOutOfRange. On the CPU the session checks the lengths itself.
  std::uint32_t* flags = nullptr;

  bool operator==(const RecurrenceBuffers&) const = default;
};

/// A bit of RecurrenceBuffers::flags: a length is outside 0 .. T. The run sets the bit; the host does not read lengths.
inline constexpr std::uint32_t kLengthOutOfRange = 1;
/// A bit of RecurrenceBuffers::flags: sizes of a packed batch, or indices of its rows, are out of range.
inline constexpr std::uint32_t kPackedOutOfRange = 4;
/// A bit of RecurrenceBuffers::flags: a block of a kernel gave up waiting for other blocks. Discard what the run wrote.
inline constexpr std::uint32_t kStalled = 2;

/// The words of RecurrenceBuffers::flags that a status is read from: the bits, and the StallRecord of the wait that set
/// kStalled.
inline constexpr int kStatusWords = 1 + static_cast<int>(sizeof(StallRecord) / sizeof(std::uint32_t));
/// After them, at a multiple of its size, the address of the word of host memory that is written when kStalled is set;
/// zeros: there is no such word.
inline constexpr int kNoticeWord = (kStatusWords + 1) / 2 * 2;
inline constexpr int kFlagWords = kNoticeWord + 2;
static_assert(sizeof(std::uint32_t*) <= 2 * sizeof(std::uint32_t));

RONDO_HOST_DEVICE inline StallRecord* stall_record(std::uint32_t* flags) {
  return reinterpret_cast<StallRecord*>(flags + 1);
}
RONDO_HOST_DEVICE inline std::uint32_t** stall_notice(std::uint32_t* flags) {
  return reinterpret_cast<std::uint32_t**>(flags + kNoticeWord);
}

}  // namespace rondo
