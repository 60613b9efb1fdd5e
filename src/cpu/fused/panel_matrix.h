/// A matrix in panels, and what a product with it prefetches.
#pragma once

#include <algorithm>
#include <cstddef>

#include "cpu/fused/kernels.h"
#include "cpu/fused/tiles.h"

namespace rondo::fused {

/// A packed matrix with K rows.
struct PanelMatrix {
  const std::byte* panels;
  std::int64_t panel_bytes;
  std::int64_t K;

  const std::byte* panel(std::int64_t index) const { return panels + index * panel_bytes; }
};

/// Whether a product of few rows, which takes several panels at a time, gains from prefetching them itself. AMD's cores
/// follow several panels by themselves, and the instructions take 2 to 8 % longer there (Zen 5, 1 and 2 rows).
inline bool few_rows_prefetch() {
#if defined(__x86_64__)
  static const bool is_amd = __builtin_cpu_is("amd") != 0;
  return !is_amd;
#else
  return true;
#endif
}

/// What a tile's product with a panel prefetches, where all weights together have `weight_bytes`. The first tile brings
/// the panel into the cache, so all tiles share the prefetching of the next panel. A single tile, or two with a large
/// panel, have too little work to hide that: they prefetch their own weights. So does the first tile of products on
/// tile registers, of which there are few.
inline Prefetch prefetch_of(const Tile& tile, const Group& group, const PanelMatrix& matrix, std::int64_t weight_bytes,
                            const ProductKernel& kernel) {
  constexpr std::int64_t kCoreCache = std::int64_t{1} << 20;  // the caches of any fast core hold as much
  constexpr std::int64_t kCacheLine = 64;
  if (weight_bytes <= kCoreCache) return {};
  if (kernel.rows_together > 1) return {.what = tile.index == 0 ? Prefetch::What::own : Prefetch::What::nothing};
  if (group.panels > 1 && !few_rows_prefetch()) return {};
  if (tile.count == 1 || (tile.count == 2 && matrix.panel_bytes > kCoreCache / 4)) {
    return {.what = Prefetch::What::own};
  }
  const auto lines = static_cast<int>(std::max<std::int64_t>(1, matrix.panel_bytes / matrix.K / kCacheLine));
  const int each = tile.count >= lines ? 1 : 2;
  const int before = tile.index * each;
  if (!group.next || before >= lines) return {};
  return {.what = Prefetch::What::next,
          .begin = matrix.panel(*group.next) + before * matrix.K * kCacheLine,
          .lines = std::min(each, lines - before)};
}

}  // namespace rondo::fused
