/// Checks the status of every CUDA call. Only files that are compiled with CUDA's headers include this.
#pragma once

#include <cuda_runtime_api.h>

#include "rondo/vocabulary/device.h"

namespace rondo::cuda_runtime {

/// Throws `RuntimeError` unless `status` is success: "`doing`: CUDA's words", and how to go on where a kernel has
/// failed.
void check(cudaError_t status, const char* doing);

/// Whether CUDA has refused what was asked of it, and nothing else is lost; the error is forgotten then. Throws as
/// check where the process can use no device any more.
bool is_refusal(cudaError_t status, const char* doing);

/// Makes a device the calling thread's current one, and the one before again at the end.
class CurrentDevice {
 public:
  explicit CurrentDevice(Device device);
  ~CurrentDevice();
  CurrentDevice(const CurrentDevice&) = delete;
  CurrentDevice& operator=(const CurrentDevice&) = delete;

 private:
  int asked_ = 0;
  int before_ = 0;
};

}  // namespace rondo::cuda_runtime
