/// A number that tells models apart.
#pragma once

#include <cstdint>

#include "rondo/formats/loaded_network.h"

namespace rondo {

/// Of the layers, their cells and dtype, and of the bytes of all weights; not of sizes, device or executor.
std::uint64_t model_fingerprint(const LoadedNetwork& network);

}  // namespace rondo
