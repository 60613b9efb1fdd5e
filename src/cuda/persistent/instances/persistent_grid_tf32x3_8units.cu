#include "cuda/persistent/instances/find_kernel.cuh"

namespace rondo {
template PersistentKernel<device::Tf32x3> find_persistent_kernel<device::Tf32x3, PersistentKind::grid, 1>(
    const CellSpec&, const KernelRows&);
}  // namespace rondo
