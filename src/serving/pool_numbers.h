/// The numbers that the parts of a pool's calls have, where the host writes them and where kernels read them.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "cuda/runtime/runtime.h"
#include "rondo/tensor/tensor.h"

namespace rondo {

/// Views of i64 in one piece of memory.
struct PartNumbers {
  Tensor batch_sizes;  ///< (steps): zeros where no chunk has the step
  Tensor row_indices;  ///< (rows): the row of the states that each row of the batch has
  Tensor beginners;    ///< (rows): the slots of the streams that begin
  Tensor places;       ///< (rows steps): the row of the caller's x and y that each packed row is
};

/// Allocates everything in the constructor. On the CPU the host and the sessions share the memory.
class PoolNumbers {
 public:
  PoolNumbers(std::int64_t rows, std::int64_t steps, Stream stream);

  /// Memory of the host for the numbers of the next part. Waits only for a device that is several parts behind.
  const PartNumbers& next();
  /// Makes kernels that are queued from now on see what was written to `next()`; of its places the first `count`.
  void send(std::int64_t count);
  /// Where kernels read the numbers.
  const PartNumbers& sent() const { return sent_; }

 private:
  struct Block {
    Tensor memory;  ///< bytes
    PartNumbers numbers;
    std::unique_ptr<cuda_runtime::Event> read = nullptr;  ///< when the device has read them; null on the CPU
    bool was_sent = false;
  };

  PartNumbers cut(const Tensor& memory) const;
  std::int64_t numbers_before_places() const { return steps_ + 2 * rows_; }

  const std::int64_t rows_;
  const std::int64_t steps_;
  const Stream stream_;
  std::vector<Block> blocks_;
  std::size_t current_ = 0;
  PartNumbers sent_;
};

inline std::span<std::int64_t> span_of(const Tensor& numbers) {
  return {numbers.data<std::int64_t>(), static_cast<std::size_t>(numbers.numel())};
}

}  // namespace rondo
