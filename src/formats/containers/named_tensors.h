/// Tensors that are looked up by name.
#pragma once

#include <string>
#include <vector>

#include "rondo/formats/safetensors.h"

namespace rondo {

/// Throws the `ValueError` for a name that no tensor of `tensors` has. The message lists the names of `tensors`.
[[noreturn]] void refuse_name(const std::string& file, const std::string& name,
                              const std::vector<NamedTensor>& tensors);

}  // namespace rondo
