#include "cuda/persistent/instances/find_kernel.cuh"

namespace rondo {
template PersistentKernel<Float16> find_persistent_kernel<Float16, PersistentKind::grid, 6>(const CellSpec&,
                                                                                            const KernelRows&);
}  // namespace rondo
