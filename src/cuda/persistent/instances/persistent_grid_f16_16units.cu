#include "cuda/persistent/instances/find_kernel.cuh"

namespace rondo {
template PersistentKernel<Float16> find_persistent_kernel<Float16, PersistentKind::grid, 2>(const CellSpec&,
                                                                                            const KernelRows&);
}  // namespace rondo
