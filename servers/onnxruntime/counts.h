/// Numbers of this process, for tests and for those who wonder whether their nodes run here.
#pragma once

#include <cstddef>
#include <cstdint>

namespace rondo::ort {

/// In the order in which rondo_ort_counts writes them.
enum class Counted : std::uint8_t {
  claimed,         ///< nodes that sessions have given to Rondo
  declined,        ///< recurrent nodes that Rondo has left to others
  runs,            ///< calls of nodes
  weights,         ///< sets of weights that were converted
  shared_weights,  ///< nodes that found their weights in the process
  shared_runs,     ///< runs that more than one thread of the runtime's has shared
  streams_begun,   ///< streams of LSTMStream and its like
  streams_evicted  ///< that lost their place to another one, or because they were idle
};
inline constexpr std::size_t kCounts = 8;

void tally(Counted what, std::int64_t by = 1) noexcept;

}  // namespace rondo::ort

extern "C" {

/// Writes the first `size` counts, and returns how many there are.
std::size_t rondo_ort_counts(std::int64_t* counts, std::size_t size) noexcept;
}
