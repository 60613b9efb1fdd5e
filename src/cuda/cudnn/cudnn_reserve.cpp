#include "cuda/cudnn/cudnn_reserve.h"

#include <cstdint>
#include <string>

#include "recurrence/reserve.h"
#include "recurrence/workspace.h"
#include "rondo/vocabulary/error.h"

namespace rondo {
namespace {

std::size_t bytes_of(std::int64_t elements, const RecurrenceSpec& spec) {
  return static_cast<std::size_t>(elements) * size_of(spec.dtype);
}

}  // namespace

CudnnReserve cudnn_reserve(const RecurrenceSpec& spec, std::size_t own_bytes, void* memory) {
  CudnnReserve reserve;
  std::size_t used = kReserveTagBytes;
  const auto take = [&](std::size_t bytes) -> void* {
    const std::size_t offset = used;
    used += (bytes + kCudnnAlignment - 1) / kCudnnAlignment * kCudnnAlignment;
    return memory == nullptr ? nullptr : static_cast<std::byte*>(memory) + offset;
  };
  static_assert(kReserveTagBytes % kCudnnAlignment == 0);
  reserve.state_bytes = bytes_of(spec.B * spec.cell.units, spec);
  reserve.y = take(bytes_of(spec.T * spec.B * spec.cell.units, spec));
  for (int k = 0; k < state_count(spec.cell.kind); ++k) {
    reserve.initial_state[static_cast<std::size_t>(k)] = take(reserve.state_bytes);
  }
  reserve.own = take(own_bytes);
  reserve.bytes = used;
  return reserve;
}

void check_cudnn_reserve(const void* memory) {
  const auto address = reinterpret_cast<std::uintptr_t>(memory);
  if (address % kCudnnAlignment == 0) return;
  throw ValueError("reserve", "memory aligned to " + std::to_string(address & (~address + 1)),
                   "memory aligned to " + std::to_string(kCudnnAlignment) + ", as cuDNN computes in it");
}

CudnnGradientWorkspace cudnn_gradient_workspace(const RecurrenceSpec& spec, void* workspace) {
  WorkspaceCutter cutter(workspace);
  const auto take = [&](std::int64_t elements) {
    return cutter.take<std::byte>(static_cast<std::int64_t>(bytes_of(elements, spec)));
  };
  CudnnGradientWorkspace work;
  work.d_y_bytes = bytes_of(spec.T * spec.B * spec.cell.units, spec);
  work.d_y = take(spec.T * spec.B * spec.cell.units);
  work.d_x = take(spec.T * spec.B * spec.I);
  for (std::byte*& state : work.d_final_state) state = take(spec.B * spec.cell.units);
  work.bytes = cutter.used();
  return work;
}

}  // namespace rondo
