/// Checks the status of every cuDNN call. Only files that are compiled with cuDNN's headers include this.
#pragma once

#include <cudnn.h>

namespace rondo::cudnn {

/// Throws `RuntimeError` unless `status` is success: "`doing`: cuDNN's words".
void check(cudnnStatus_t status, const char* doing);

/// As check, while a network is set up. There, a combination that cuDNN does not support is the caller's choice, and
/// throws `ValueError` with cuDNN's words.
void check_supported(cudnnStatus_t status, const char* doing);

}  // namespace rondo::cudnn
