#include "simt/tile_product.h"

#include "simt/grid.h"

namespace rondo::test::simt {

void multiply_add_tiles(const TileOperands& operands, float (&sums)[4]) {
  const unsigned lane = running_grid->current().lane;
  const LaneGift* gifts = running_grid->exchange_in_full_warp({.operands = operands});
  for (unsigned i = 0; i < 4; ++i) {
    const unsigned half = i / 2;  // row lane / 4 + 8 half
    const unsigned column = 2 * (lane % 4) + i % 2;
    double sum = sums[i];
    for (unsigned word = 0; word < 8; ++word) {
      const float(&a)[2] = gifts[lane / 4 * 4 + word % 4].operands.a[half + word / 4 * 2];
      const float(&b)[2] = gifts[column * 4 + word % 4].operands.b[word / 4];
      sum += static_cast<double>(a[0]) * static_cast<double>(b[0]);
      sum += static_cast<double>(a[1]) * static_cast<double>(b[1]);
    }
    sums[i] = static_cast<float>(sum);
  }
}

}  // namespace rondo::test::simt
