#include "cuda/persistent/instances/find_kernel.cuh"

namespace rondo {
template PersistentKernel<BFloat16> find_persistent_kernel<BFloat16, PersistentKind::cluster, 2>(const CellSpec&,
                                                                                                 const KernelRows&);
}  // namespace rondo
