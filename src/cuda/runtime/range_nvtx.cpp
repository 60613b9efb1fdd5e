#include <nvtx3/nvToolsExt.h>

#include "cuda/runtime/range.h"

namespace rondo::cuda_runtime {

Range::Range(const char* name) { nvtxRangePushA(name); }
Range::~Range() { nvtxRangePop(); }

}  // namespace rondo::cuda_runtime
