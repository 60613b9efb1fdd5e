/// A warp's product of small matrices; cuda/device/mma_tile.h says which lane holds which elements.
#pragma once

namespace rondo::test::simt {

/// The operands of one lane: the two numbers of each of its words. Where a word is one number, the other is 0.
struct TileOperands {
  float a[4][2];
  float b[2][2];
};

/// sums += a b, added in double and rounded once, or as tensor_core_rounding.h says. All 32 lanes of a warp call this.
void multiply_add_tiles(const TileOperands& operands, float (&sums)[4]);

}  // namespace rondo::test::simt
