#include "batch_sizes.h"

#include <algorithm>

namespace rondo::triton {

std::vector<std::int64_t> planned_sizes(std::int64_t most, std::size_t count) {
  std::vector<std::int64_t> sizes;
  for (std::int64_t size = most; sizes.size() < count; size = (size + 1) / 2) {
    sizes.push_back(size);
    if (size == 1) break;
  }
  std::reverse(sizes.begin(), sizes.end());
  return sizes;
}

std::int64_t planned_size(const std::vector<std::int64_t>& sizes, std::int64_t rows) {
  return *std::lower_bound(sizes.begin(), sizes.end(), rows);
}

}  // namespace rondo::triton
