// A block for each row, whose threads copy words that lie beside each other.

#include "cuda/common/moved_rows.h"

#include "cuda/device/launch.cuh"
#include "cuda/device/thread.cuh"
#include "cuda/device/unroll.cuh"

namespace rondo {
namespace {

constexpr int kThreads = 128;

template <typename Word>
__global__ void __launch_bounds__(kThreads) move_rows_kernel(const __grid_constant__ MovedRows moved) {
  const std::int64_t row = device::block_index().x;
  const std::int64_t from = moved.from == nullptr ? row : moved.from[row];
  const std::int64_t to = moved.to == nullptr ? row : moved.to[row];
  const auto* source =
      reinterpret_cast<const Word*>(static_cast<const std::uint8_t*>(moved.source) + from * moved.source_stride);
  auto* target = reinterpret_cast<Word*>(static_cast<std::uint8_t*>(moved.target) + to * moved.target_stride);
  const std::int64_t words = moved.row_bytes / static_cast<std::int64_t>(sizeof(Word));
  RONDO_KEEP_LOOP
  for (std::int64_t k = device::thread_index().x; k < words; k += kThreads) target[k] = source[k];
}

}  // namespace

void cuda_move_rows(const MovedRows& moved, Stream stream) {
  if (moved.rows == 0) return;
  const device::LaunchConfig config{.grid = {static_cast<unsigned>(moved.rows)}, .block = {kThreads}, .stream = stream};
  if (moved.element_bytes == 2) return device::launch(move_rows_kernel<std::uint16_t>, config, moved);
  device::launch(move_rows_kernel<std::uint32_t>, config, moved);
}

}  // namespace rondo
