/// Elements that an ONNX model has in a file beside it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "formats/onnx/message/onnx_message.h"

namespace rondo {

/// Reads the elements of a tensor whose data are in another file: `count` bytes. The model chooses only among the files
/// of its folder: throws `ValueError` naming `where` for a path that is absolute or has "..", for a symbolic link that
/// leaves the folder, for a file that is missing or no regular file, for an offset or a length that is no number,
/// leaves the file or does not fit `count`, and for a model from memory. Allocates only what the file has.
std::shared_ptr<std::vector<std::byte>> read_external_data(const OnnxTensorMessage& tensor, std::uint64_t count,
                                                           const std::string& where);

}  // namespace rondo
