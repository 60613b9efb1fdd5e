#include "serving/call_order.h"

#include <algorithm>

namespace rondo {

CallOrder::CallOrder(std::int64_t max_rows) {
  order_.reserve(static_cast<std::size_t>(max_rows));
  first_rows_.reserve(static_cast<std::size_t>(max_rows));
}

void CallOrder::take(std::span<const StreamChunk> chunks) {
  chunks_ = chunks;
  order_.clear();
  first_rows_.clear();
  std::int64_t row = 0;
  bool is_sorted = true;
  for (std::size_t k = 0; k < chunks.size(); ++k) {
    is_sorted = is_sorted && (k == 0 || chunks[k - 1].steps >= chunks[k].steps);
    order_.push_back(static_cast<std::uint32_t>(k));
    first_rows_.push_back(row);
    row += chunks[k].steps;
  }
  if (is_sorted) return;
  // Not a stable_sort, which allocates.
  std::ranges::sort(order_, [&](std::uint32_t a, std::uint32_t b) {
    return chunks[a].steps != chunks[b].steps ? chunks[a].steps > chunks[b].steps : a < b;
  });
}

CallPart CallOrder::write_part(std::int64_t first_step, const CallNumbers& numbers) const {
  CallPart part{.is_contiguous = true};
  std::size_t rows = chunks_.size();
  std::int64_t step = first_step;
  for (std::int64_t& size : numbers.batch_sizes) {
    while (rows > 0 && sorted(rows - 1).steps <= step) --rows;
    size = static_cast<std::int64_t>(rows);
    for (std::size_t b = 0; b < rows; ++b) {
      const std::int64_t place = first_rows_[order_[b]] + step;
      if (part.N == 0) part.first = place;
      part.is_contiguous = part.is_contiguous && place == part.first + part.N;
      numbers.places[static_cast<std::size_t>(part.N++)] = place;
    }
    ++step;
  }
  return part;
}

}  // namespace rondo
