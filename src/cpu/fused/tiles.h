/// The order in which rows and panels are multiplied.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

#include "cpu/fused/kernels.h"
#include "cpu/fused/partition.h"

namespace rondo::fused {

/// Rows that are multiplied together: tile `index` of `count` tiles.
struct Tile {
  int index;
  int count;
  std::int64_t first;
  int rows;
};

/// Calls `use(tile)` for tiles of at most `most` rows. Their sizes differ by at most one, so that no tile is small.
template <typename Use>
void for_each_tile(std::int64_t rows, int most, Use&& use) {
  const auto tiles = static_cast<int>((rows + most - 1) / most);
  for (int index = 0; index < tiles; ++index) {
    const Range range = Range::part(rows, index, tiles);
    use(Tile{index, tiles, range.begin, static_cast<int>(range.size())});
  }
}

/// Calls `use(tile)` for tiles of the kernel's rows. All but the last have whole blocks of the rows that take no longer
/// than one.
template <typename Use>
void for_each_tile(std::int64_t rows, const ProductKernel& kernel, Use&& use) {
  const int together = kernel.rows_together;
  for_each_tile((rows + together - 1) / together, kernel.most_rows / together, [&](const Tile& blocks) {
    const std::int64_t first = blocks.first * together;
    const std::int64_t count = std::min<std::int64_t>(std::int64_t{blocks.rows} * together, rows - first);
    use(Tile{blocks.index, blocks.count, first, static_cast<int>(count)});
  });
}

/// Panels that one product takes together, and the first panel of the next group; absent in the last group.
struct Group {
  std::int64_t first;
  int panels;
  std::optional<std::int64_t> next;
};

/// Calls `use(group)` for all panels, in groups of `at_once` panels and then one by one. A caller goes backward in
/// every other step, because the panels that were read last are still in the cache.
template <typename Use>
void for_each_group(const Range& panels, int at_once, bool backward, Use&& use) {
  const std::int64_t full = panels.size() / at_once;
  const std::int64_t groups = full + panels.size() % at_once;
  const auto group_at = [&](std::int64_t i) {
    const std::int64_t group = backward ? groups - 1 - i : i;
    return group < full ? Group{panels.begin + group * at_once, at_once, {}}
                        : Group{panels.begin + full * at_once + (group - full), 1, {}};
  };
  for (std::int64_t i = 0; i < groups; ++i) {
    Group group = group_at(i);
    if (i + 1 < groups) group.next = group_at(i + 1).first;
    use(group);
  }
}

}  // namespace rondo::fused
