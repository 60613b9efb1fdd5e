// first_rows[t] = sizes[0] + ... + sizes[t - 1];  lengths[b] = how many sizes are greater than b
//
// One block does it. Each thread has a range of steps: it needs the least size and the sum of the ranges in front.

#include "cuda/common/packed_rows.h"

#include "cuda/device/atomic.cuh"
#include "cuda/device/collectives.cuh"
#include "cuda/device/launch.cuh"
#include "cuda/device/thread.cuh"
#include "cuda/device/unroll.cuh"
#include "recurrence/buffers.h"

namespace rondo {
namespace {

constexpr int kThreads = 128;

__device__ std::int64_t read(DeviceIntegers numbers, std::int64_t index) {
  return numbers.wide ? static_cast<const std::int64_t*>(numbers.data)[index]
                      : static_cast<const std::int32_t*>(numbers.data)[index];
}

__device__ std::int64_t clamped(std::int64_t number, std::int64_t most) {
  return number < 0 ? 0 : (number > most ? most : number);
}

__device__ std::int64_t smaller(std::int64_t a, std::int64_t b) { return a < b ? a : b; }

/// Writes first_rows of the thread's range of steps, of which it is given the size and the row in front.
__device__ void write_first_rows(const PackedBatch& batch, std::int64_t begin, std::int64_t end, std::int64_t size,
                                 std::int64_t row) {
  bool fits = true;
  RONDO_KEEP_LOOP
  for (std::int64_t t = begin; t < end; ++t) {
    const std::int64_t given = read(batch.sizes, t);
    size = smaller(size, clamped(given, batch.B));
    fits = fits && given == size && row + size <= batch.N;
    batch.first_rows[t] = static_cast<std::int32_t>(smaller(row, batch.N));
    row += size;
  }
  if (end == batch.T) batch.first_rows[batch.T] = static_cast<std::int32_t>(smaller(row, batch.N));
  if (!fits) device::set_bits(batch.flags, kPackedOutOfRange);
}

/// The number of steps that have a row b. Later steps have no more rows than earlier ones.
__device__ std::int32_t length_of(const PackedBatch& batch, std::int64_t b) {
  std::int64_t first = 0;
  std::int64_t last = batch.T;
  RONDO_KEEP_LOOP
  while (first < last) {
    const std::int64_t middle = (first + last) / 2;
    if (batch.first_rows[middle + 1] - batch.first_rows[middle] > b) {
      first = middle + 1;
    } else {
      last = middle;
    }
  }
  return static_cast<std::int32_t>(first);
}

__device__ void write_index(const PackedBatch& batch, std::int64_t b) {
  const std::int64_t given = read(batch.indices, b);
  const std::int64_t index = clamped(given, batch.state_rows - 1);
  batch.row_indices[b] = static_cast<std::int32_t>(index);
  if (index != given) device::set_bits(batch.flags, kPackedOutOfRange);
}

__global__ void __launch_bounds__(kThreads) packed_rows_kernel(const __grid_constant__ PackedBatch batch) {
  auto* least = reinterpret_cast<std::int64_t*>(device::shared_memory());  // [thread]: in the thread's range
  std::int64_t* sums = least + kThreads;
  const auto thread = static_cast<int>(device::thread_index().x);
  const std::int64_t steps = (batch.T + kThreads - 1) / kThreads;
  const std::int64_t begin = smaller(thread * steps, batch.T);
  const std::int64_t end = smaller(begin + steps, batch.T);

  std::int64_t size = batch.B;
  for (std::int64_t t = begin; t < end; ++t) size = smaller(size, clamped(read(batch.sizes, t), batch.B));
  least[thread] = size;
  device::block_barrier();

  std::int64_t size_in_front = batch.B;
  for (int other = 0; other < thread; ++other) size_in_front = smaller(size_in_front, least[other]);
  size = size_in_front;
  std::int64_t sum = 0;
  for (std::int64_t t = begin; t < end; ++t) {
    size = smaller(size, clamped(read(batch.sizes, t), batch.B));
    sum += size;
  }
  sums[thread] = sum;
  device::block_barrier();

  std::int64_t row = 0;
  for (int other = 0; other < thread; ++other) row += sums[other];
  if (begin < end) write_first_rows(batch, begin, end, size_in_front, row);
  device::block_barrier();

  for (std::int64_t b = thread; b < batch.B; b += kThreads) {
    batch.lengths[b] = length_of(batch, b);
    if (batch.indices.data != nullptr) write_index(batch, b);
  }
}

}  // namespace

void cuda_packed_rows(const PackedBatch& batch, Stream stream) {
  if (batch.B == 0) return;
  device::launch(packed_rows_kernel,
                 {.block = {kThreads}, .shared_bytes = 2 * kThreads * sizeof(std::int64_t), .stream = stream}, batch);
}

}  // namespace rondo
