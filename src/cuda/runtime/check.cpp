#include "cuda/runtime/check.h"

#include <string>

#include "rondo/vocabulary/error.h"

namespace rondo::cuda_runtime {
namespace {

// After these the process can do nothing more on any device.
bool loses_context(cudaError_t status) {
  switch (status) {
    case cudaErrorIllegalAddress:
    case cudaErrorMisalignedAddress:
    case cudaErrorIllegalInstruction:
    case cudaErrorInvalidAddressSpace:
    case cudaErrorInvalidPc:
    case cudaErrorHardwareStackError:
    case cudaErrorLaunchFailure:
    case cudaErrorLaunchTimeout:
    case cudaErrorAssert:
    case cudaErrorMpsClientTerminated:
    case cudaErrorExternalDevice:
    case cudaErrorECCUncorrectable: return true;
    default: return false;
  }
}

}  // namespace

void check(cudaError_t status, const char* doing) {
  if (status == cudaSuccess) return;
  (void)cudaGetLastError();  // else the next caller would find this error again
  std::string message = std::string(doing) + ": " + cudaGetErrorString(status) + " (" + cudaGetErrorName(status) + ")";
  if (loses_context(status)) {
    message +=
        "; a kernel queued before this call failed, and this process can use no CUDA device any more: end it, and run "
        "it under compute-sanitizer to see which kernel it was";
  }
  throw DeviceError(message);
}

bool is_refusal(cudaError_t status, const char* doing) {
  if (loses_context(status)) check(status, doing);
  if (status == cudaSuccess) return false;
  (void)cudaGetLastError();
  return true;
}

CurrentDevice::CurrentDevice(Device device) : asked_(device.index) {
  check(cudaGetDevice(&before_), "asking for the current device");
  if (before_ != asked_) check(cudaSetDevice(asked_), "choosing a device");
}

CurrentDevice::~CurrentDevice() {
  if (before_ != asked_) (void)cudaSetDevice(before_);  // it was current before: nothing to refuse
}

}  // namespace rondo::cuda_runtime
