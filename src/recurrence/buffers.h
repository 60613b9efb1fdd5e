/// Where the bytes of one run are: raw pointers and strides, typed by the spec's dtype.
#pragma once

#include <array>
#include <cstdint>

#include "recurrence/schedule.h"
#include "rondo/vocabulary/host_device.h"
#include "rondo/vocabulary/stall.h"

namespace rondo {

/// At most this many states: h and c.
inline constexpr int kMaxStates = 2;

/// (T, B, width), innermost axis without gaps. Null data: absent.
struct SequenceBuffer {
  void* data = nullptr;
  TimeBatchStrides strides;

  bool operator==(const SequenceBuffer&) const = default;
};

/// (B, width), innermost axis without gaps. Null data: absent.
struct BatchBuffer {
  void* data = nullptr;
  std::int64_t stride = 0;

  bool operator==(const BatchBuffer&) const = default;
};

/// Row-major without gaps, in Keras's layout; `recurrent_bias` is the second row of a reset-after GRU's bias. What the
/// cell does not have is null.
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
  SequenceBuffer y;                                   ///< absent: no sequence is written
  BatchBuffer last_output;
  std::array<BatchBuffer, kMaxStates> final_state;  ///< may be the initial states
  Schedule schedule;
  /// Where a run on a CUDA device sets bits such as kLengthOutOfRange, in its memory: the first of kFlagWords words. On
  /// the CPU the session looks itself.
  std::uint32_t* flags = nullptr;

  bool operator==(const RecurrenceBuffers&) const = default;
};

/// A bit of RecurrenceBuffers::flags: what only the run itself can find out, where lengths are in device memory.
inline constexpr std::uint32_t kLengthOutOfRange = 1;
/// Another: blocks of a kernel that wait for each other did not all come, and what the run wrote is not to be used.
inline constexpr std::uint32_t kStalled = 2;

/// Words of RecurrenceBuffers::flags: the bits, and the StallRecord of who set kStalled.
inline constexpr int kFlagWords = 1 + static_cast<int>(sizeof(StallRecord) / sizeof(std::uint32_t));

RONDO_HOST_DEVICE inline StallRecord* stall_record(std::uint32_t* flags) {
  return reinterpret_cast<StallRecord*>(flags + 1);
}

}  // namespace rondo
