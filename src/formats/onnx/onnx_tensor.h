/// Tensors inside ONNX files.
#pragma once

#include <string>

#include "formats/onnx/onnx_message.h"
#include "rondo/tensor/tensor.h"

namespace rondo {

/// A tensor on the host, row-major, with memory of its own. Throws `ValueError` naming `where` as parse_onnx_tensor.
Tensor onnx_tensor(const OnnxTensorMessage& tensor, const std::string& where);

}  // namespace rondo
