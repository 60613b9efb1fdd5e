#include "cuda/runtime/range.h"

namespace rondo::cuda_runtime {

Range::Range(const char*) {}
Range::~Range() = default;

}  // namespace rondo::cuda_runtime
