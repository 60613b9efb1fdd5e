/// Tensors inside ONNX files, and in the files beside them.
#pragma once

#include <cstdint>
#include <string>

#include "formats/onnx/message/onnx_message.h"
#include "rondo/tensor/tensor.h"

namespace rondo {

/// A tensor on the host, row-major: a view of the message's bytes where it has them in the right form, else with memory
/// of its own. The elements of types that Rondo lacks widen: integers of 4, 8 and 16 bits to i32 (but UINT8 is u8),
/// UINT32 and UINT64 to i64. Throws `ValueError` naming `where` as parse_onnx_tensor, and for elements in another file
/// as open_external_data.
Tensor onnx_tensor(const OnnxTensorMessage& tensor, const std::string& where);

/// The dtype of a number of TensorProto.DataType whose elements do not widen. Throws `ValueError` naming `where`.
DType onnx_dtype(std::int64_t number, const std::string& where);

/// Type and shape of a tensor as messages have them, such as "INT8(2, 3)".
std::string describe_onnx(const OnnxTensorMessage& tensor);

}  // namespace rondo
