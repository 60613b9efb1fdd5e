// A machine with AMX, simulated: programs with this source have it in place of src/cpu/fused/amx/amx_kernels.cpp.

#include "cpu/fused/amx.h"
#include "cpu/fused/amx/tile_product.h"
#include "device/amx/simulated_tiles.h"

namespace rondo {
namespace {

template <int kLanes>
const fused::KernelTable* table_with_tiles(const fused::KernelTable& vectors) {
  static const fused::KernelTable table = fused::with_tiles<test::SimulatedTiles<kLanes>>(vectors, "AMX");
  return &table;
}

}  // namespace

const fused::KernelTable* fused::amx_kernels(const KernelTable& best) {
  if (best.lanes == 16) return table_with_tiles<16>(best);
  if (best.lanes == 8) return table_with_tiles<8>(best);
  return best.lanes == 4 ? table_with_tiles<4>(best) : nullptr;
}

}  // namespace rondo
