/// Makes large random tensors quickly.
#pragma once

#include <cstdint>
#include <random>

#include "program/point.h"
#include "rondo/tensor/tensor.h"

namespace rondo::bench {

class RandomTensors {
 public:
  RandomTensors(std::uint64_t seed, Arithmetic arithmetic, Device device)
      : engine_(seed), dtype_(arithmetic.dtype), device_(device) {}

  /// A tensor of uniform numbers in [-scale, scale]. A long tensor repeats its first numbers; their count is prime, so
  /// that no two rows are equal.
  Tensor operator()(const Shape& shape, double scale);

  std::mt19937_64& engine() { return engine_; }

 private:
  std::mt19937_64 engine_;
  DType dtype_;
  Device device_;
};

}  // namespace rondo::bench
