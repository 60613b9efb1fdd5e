#include "program/random_tensors.h"

#include <algorithm>

namespace rondo::bench {

Tensor RandomTensors::operator()(const Shape& shape, double scale) {
  constexpr std::int64_t kDrawn = 4194301;
  const std::int64_t count = shape.numel();
  const std::int64_t drawn = std::min(count, kDrawn);
  std::vector<float> numbers(static_cast<std::size_t>(drawn));
  std::uniform_real_distribution<float> uniform(static_cast<float>(-scale), static_cast<float>(scale));
  for (float& number : numbers) number = uniform(engine_);
  const Tensor block = Tensor::from(numbers, {drawn}).to(dtype_).to(device_);
  const Tensor all = Tensor::empty({count}, dtype_, device_);
  for (std::int64_t begin = 0; begin < count; begin += drawn) {
    const std::int64_t length = std::min(drawn, count - begin);
    all.slice(0, begin, begin + length).copy_from(block.slice(0, 0, length));
  }
  return all.reshape(shape);
}

}  // namespace rondo::bench
