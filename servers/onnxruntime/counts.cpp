#include "counts.h"

#include <algorithm>
#include <array>
#include <atomic>

namespace rondo::ort {
namespace {

std::array<std::atomic<std::int64_t>, kCounts> all_counts = {};

}  // namespace

void tally(Counted what, std::int64_t by) noexcept {
  all_counts[static_cast<std::size_t>(what)].fetch_add(by, std::memory_order_relaxed);
}

}  // namespace rondo::ort

extern "C" std::size_t rondo_ort_counts(std::int64_t* counts, std::size_t size) noexcept {
  for (std::size_t k = 0; k < std::min(size, rondo::ort::kCounts); ++k) {
    counts[k] = rondo::ort::all_counts[k].load(std::memory_order_relaxed);
  }
  return rondo::ort::kCounts;
}
