/// Windows along the time axis of (B, T, C): what convolutions and poolings look at.
#pragma once

#include <string>

#include "models/model_layer.h"

namespace rondo {

enum class TimePadding : std::uint8_t { valid, same, causal };

/// Windows of `size` steps, `dilation` apart, of which each begins `stride` steps behind the one before.
struct TimeWindows {
  std::int64_t size = 1;
  std::int64_t stride = 1;
  std::int64_t dilation = 1;
  TimePadding padding = TimePadding::valid;

  /// Steps from the first one of a window to its last one, both counted.
  std::int64_t reach() const { return (size - 1) * dilation + 1; }
  /// Windows in T steps; kUnknownSize if T is. Throws `ValueError` naming the layer if not one fits in.
  std::int64_t count(std::int64_t T, const std::string& where) const;
};

/// Steps added in front of and behind a sequence.
struct TimeBorder {
  std::int64_t before = 0;
  std::int64_t behind = 0;
};

/// The border that the padding of windows asks for.
TimeBorder border_of(const TimeWindows& windows, std::int64_t T);

/// x (B, T, C) with a border of one value.
Tensor bordered(const Tensor& x, const TimeBorder& border, double value);

/// The padding that a configuration names.
TimePadding padding_of(const LayerSource& source);

/// Throws `ValueError` unless the last axis of inputs is that of the features.
void check_channels_last(const LayerSource& source);

/// A whole number of one axis, which configurations write as a list of one: `strides`, `pool_size`.
std::int64_t number_of_axis(const LayerSource& source, const char* key, std::int64_t fallback);

}  // namespace rondo
