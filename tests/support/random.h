/// Random numbers and tensors for tests, always from a printed seed.
#pragma once

#include <cstdint>
#include <random>

#include "rondo/tensor/tensor.h"

namespace rondo::test {

class Random {
 public:
  explicit Random(std::uint64_t seed) : engine_(seed) {}

  /// A uniform integer in [low, high].
  std::int64_t integer(std::int64_t low, std::int64_t high) {
    return std::uniform_int_distribution<std::int64_t>(low, high)(engine_);
  }
  bool coin(double probability = 0.5) { return std::bernoulli_distribution(probability)(engine_); }
  double uniform(double low, double high) { return std::uniform_real_distribution<double>(low, high)(engine_); }
  template <typename Choice>
  Choice pick(std::initializer_list<Choice> choices) {
    return std::data(choices)[static_cast<std::size_t>(integer(0, static_cast<std::int64_t>(choices.size()) - 1))];
  }

  /// A tensor of uniform numbers in [-scale, scale], rounded to f32 so that f32 and f64 hold equal numbers.
  Tensor tensor(const Shape& shape, double scale, DType dtype = DType::f32) {
    const Tensor result = Tensor::empty(shape, DType::f32);
    for (std::int64_t i = 0; i < result.numel(); ++i)
      result.data<float>()[i] = static_cast<float>(uniform(-scale, scale));
    return result.to(dtype);
  }

 private:
  std::mt19937_64 engine_;
};

}  // namespace rondo::test
