#include "models/families/time_windows.h"

#include <algorithm>

#include "rondo/vocabulary/error.h"

namespace rondo {

std::int64_t TimeWindows::count(std::int64_t T, const std::string& where) const {
  if (T == kUnknownSize) return kUnknownSize;
  if (padding != TimePadding::valid) return (T + stride - 1) / stride;
  if (T < reach()) {
    throw ValueError(where + ": inputs", std::to_string(T) + " time steps",
                     "at least " + std::to_string(reach()) + ", which its window reaches over");
  }
  return (T - reach()) / stride + 1;
}

TimeBorder border_of(const TimeWindows& windows, std::int64_t T) {
  if (windows.padding == TimePadding::valid) return {};
  if (windows.padding == TimePadding::causal) return {windows.reach() - 1, 0};
  const std::int64_t count = (T + windows.stride - 1) / windows.stride;
  const std::int64_t added = std::max<std::int64_t>(0, (count - 1) * windows.stride + windows.reach() - T);
  return {added / 2, added - added / 2};
}

Tensor bordered(const Tensor& x, const TimeBorder& border, double value) {
  if (border.before == 0 && border.behind == 0) return x;
  Shape shape = x.shape();
  shape[1] += border.before + border.behind;
  const Tensor result =
      value == 0 ? Tensor::zeros(shape, x.dtype(), x.device()) : Tensor::full(shape, value, x.dtype(), x.device());
  result.slice(1, border.before, border.before + x.size(1)).copy_from(x);
  return result;
}

TimePadding padding_of(const LayerSource& source) {
  const std::string name = source.config.text("padding", "valid");
  if (name == "valid") return TimePadding::valid;
  if (name == "same") return TimePadding::same;
  if (name == "causal") return TimePadding::causal;
  source.config.refuse("padding", "valid, same or causal");
}

void check_channels_last(const LayerSource& source) {
  if (source.config.text("data_format", "channels_last") != "channels_last") {
    source.config.refuse("data_format", "channels_last");
  }
}

std::int64_t number_of_axis(const LayerSource& source, const char* key, std::int64_t fallback) {
  if (source.config.value(key).is_null()) return fallback;
  const std::vector<std::int64_t> numbers = source.config.wholes(key, 1);
  if (numbers.size() != 1) source.config.refuse(key, "one number");
  return numbers[0];
}

}  // namespace rondo
