/// Every status of a cuDNN call goes through here; for files that are compiled with cuDNN's headers.
#pragma once

#include <cudnn.h>

namespace rondo::cudnn {

/// Throws `RuntimeError` unless `status` is success: "`doing`: cuDNN's words".
void check(cudnnStatus_t status, const char* doing);

/// The same while a network is set up, where a combination that cuDNN does not support is the caller's choice: then a
/// `ValueError` with cuDNN's words.
void check_supported(cudnnStatus_t status, const char* doing);

}  // namespace rondo::cudnn
