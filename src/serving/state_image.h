/// The state of a stream as bytes: a head, and the states of all layers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "rondo/vocabulary/dtype.h"

namespace rondo {

/// What the head says of the states.
struct StateImage {
  std::uint64_t fingerprint = 0;  ///< of the model
  DType dtype = DType::f32;
  std::size_t bytes = 0;  ///< of the states
};

/// Bytes of a head.
inline constexpr std::size_t kStateHeadBytes = 48;

/// Bytes with room for the states after the head, which `seal` writes.
std::vector<std::byte> empty_image(const StateImage& image);
/// Writes the head of an image whose states are in place.
void seal(const StateImage& image, std::span<std::byte> bytes);

/// The states within an image. Throws `ValueError` for bytes that are no image, of another version, model, dtype or
/// length, and for damaged ones.
std::span<const std::byte> checked_states(const StateImage& expected, std::span<const std::byte> bytes);

}  // namespace rondo
