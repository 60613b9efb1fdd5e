/// The chunks of a call in the order in which kernels take them: packed, the longest first.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "rondo/serving/state_pool.h"

namespace rondo {

/// Some steps of a call, as a packed batch. Packed row r is row places[r] of the caller's x and y.
struct CallPart {
  std::int64_t N = 0;          ///< packed rows
  std::int64_t first = 0;      ///< places[0]
  bool is_contiguous = false;  ///< places are first, first + 1, ...: the rows need not move
};

/// Memory for the numbers of a part.
struct CallNumbers {
  std::span<std::int64_t> batch_sizes;  ///< one for each step of the part; zeros where no chunk has the step
  std::span<std::int64_t> places;       ///< one for each packed row
};

class CallOrder {
 public:
  explicit CallOrder(std::int64_t max_rows);

  /// Takes the chunks of a call, which stay where they are until its last part. Allocates nothing.
  void take(std::span<const StreamChunk> chunks);

  /// Steps of the longest chunk.
  std::int64_t longest() const { return chunks_.empty() ? 0 : sorted(0).steps; }
  /// The chunk that row b of the batch is.
  const StreamChunk& sorted(std::size_t b) const { return chunks_[order_[b]]; }

  /// Writes the numbers of the part that begins with this step of each chunk.
  CallPart write_part(std::int64_t first_step, const CallNumbers& numbers) const;

 private:
  std::span<const StreamChunk> chunks_;
  std::vector<std::uint32_t> order_;      ///< [b]: the chunk
  std::vector<std::int64_t> first_rows_;  ///< [chunk]: where its rows begin in x
};

}  // namespace rondo
