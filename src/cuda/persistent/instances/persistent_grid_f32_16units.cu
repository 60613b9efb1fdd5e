#include "cuda/persistent/instances/find_kernel.cuh"

namespace rondo {
template PersistentKernel<float> find_persistent_kernel<float, PersistentKind::grid, 2>(const CellSpec&,
                                                                                        const KernelRows&);
}  // namespace rondo
