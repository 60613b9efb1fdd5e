#include "cuda/persistent/instances/find_kernel.cuh"

namespace rondo {
template PersistentKernel<BFloat16> find_persistent_kernel<BFloat16, PersistentKind::grid, 3>(const CellSpec&,
                                                                                              const KernelRows&);
}  // namespace rondo
