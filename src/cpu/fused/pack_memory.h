/// Memory of packed weights: huge pages where the system gives them.
#pragma once

#include <cstddef>

#include "rondo/tensor/tensor.h"

namespace rondo::fused {

/// Memory of zeros for a pack of this size.
Tensor allocate_pack(std::size_t bytes, Device device);

/// Where the pack begins in its memory: one that fills a huge page begins on one.
std::byte* first_byte_of_pack(const Tensor& memory, std::size_t bytes);

}  // namespace rondo::fused
