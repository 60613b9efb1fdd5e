/// Which sizes of batches are planned at load.
#pragma once

#include <cstdint>
#include <vector>

namespace rondo::triton {

/// Sizes from small to `most`, at most `count` of them, each at most twice the one before where `count` suffices. A
/// batch of another size runs as one of the next size, with rows that nobody reads.
std::vector<std::int64_t> planned_sizes(std::int64_t most, std::size_t count);
/// The smallest of the sizes that is at least `rows`.
std::int64_t planned_size(const std::vector<std::int64_t>& sizes, std::int64_t rows);

}  // namespace rondo::triton
