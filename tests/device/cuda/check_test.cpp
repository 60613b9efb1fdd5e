// A failing status of CUDA becomes an exception that names the call and says whether the process can still use CUDA.

#include "cuda/runtime/check.h"

#include <gtest/gtest.h>

#include "rondo/vocabulary/error.h"
#include "support/expect_error.h"

namespace rondo::test {
namespace {

using cuda_runtime::check;
using cuda_runtime::is_refusal;

constexpr const char* kLost = "this process can use no CUDA device any more";

TEST(CudaCheck, ALostDeviceIsNamedWithTheCallThatFoundIt) {
  for (const cudaError_t status :
       {cudaErrorIllegalAddress, cudaErrorMisalignedAddress, cudaErrorIllegalInstruction, cudaErrorInvalidAddressSpace,
        cudaErrorInvalidPc, cudaErrorHardwareStackError, cudaErrorLaunchFailure, cudaErrorLaunchTimeout,
        cudaErrorAssert, cudaErrorECCUncorrectable, cudaErrorMpsClientTerminated, cudaErrorExternalDevice}) {
    expect_words<RuntimeError>([&] { check(status, "waiting for a stream"); },
                               {"waiting for a stream: ", cudaGetErrorName(status), cudaGetErrorString(status), kLost});
    EXPECT_THROW((void)is_refusal(status, "asking how many clusters fit"), RuntimeError) << cudaGetErrorName(status);
  }
}

TEST(CudaCheck, OtherErrorsLoseNothing) {
  EXPECT_NO_THROW(check(cudaSuccess, "launching a kernel"));
  for (const cudaError_t status :
       {cudaErrorInvalidClusterSize, cudaErrorInvalidValue, cudaErrorCooperativeLaunchTooLarge,
        cudaErrorLaunchOutOfResources, cudaErrorMemoryAllocation}) {
    expect_error_that<RuntimeError>([&] { check(status, "launching a kernel"); },
                                    [&](const std::string& message) {
                                      EXPECT_EQ(message.find("launching a kernel: "), 0U) << message;
                                      EXPECT_EQ(message.find(kLost), std::string::npos) << message;
                                    });
  }
}

TEST(CudaCheck, ARefusalIsAnAnswer) {
  EXPECT_FALSE(is_refusal(cudaSuccess, "asking how many clusters fit"));
  EXPECT_TRUE(is_refusal(cudaErrorInvalidClusterSize, "asking how many clusters fit"));
  EXPECT_TRUE(is_refusal(cudaErrorInvalidValue, "asking how many clusters fit"));
}

}  // namespace
}  // namespace rondo::test
