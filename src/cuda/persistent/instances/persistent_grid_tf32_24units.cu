#include "cuda/persistent/instances/find_kernel.cuh"

namespace rondo {
template PersistentKernel<device::Tf32> find_persistent_kernel<device::Tf32, PersistentKind::grid, 3>(
    const CellSpec&, const KernelRows&);
}  // namespace rondo
