#include "cuda/cudnn/check_cudnn.h"

#include <array>
#include <string>

#include "rondo/vocabulary/error.h"

namespace rondo::cudnn {
namespace {

// The name of the status, and the condition that failed where cuDNN tells it.
std::string words_for(cudnnStatus_t status) {
  std::array<char, 2048> last{};
  cudnnGetLastErrorString(last.data(), last.size());
  last.back() = '\0';
  std::string words = cudnnGetErrorString(status);
  if (last.front() != '\0') words += std::string(" (") + last.data() + ")";
  return words;
}

// cuDNN numbers its statuses in thousands by category.
bool refuses(cudnnStatus_t status) {
  const int category = static_cast<int>(status) / 1000;
  return category == CUDNN_STATUS_NOT_SUPPORTED / 1000 || category == CUDNN_STATUS_BAD_PARAM / 1000;
}

}  // namespace

void check(cudnnStatus_t status, const char* doing) {
  if (status != CUDNN_STATUS_SUCCESS) throw DeviceError(std::string(doing) + ": " + words_for(status));
}

void check_supported(cudnnStatus_t status, const char* doing) {
  if (!refuses(status)) return check(status, doing);
  throw ValueError(std::string("cuDNN does not support this network; ") + doing + ": " + words_for(status));
}

}  // namespace rondo::cudnn
