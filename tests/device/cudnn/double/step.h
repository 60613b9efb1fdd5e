/// One row at one step of a double's layer: where its elements are, and what a run keeps of it.
#pragma once

#include <vector>

#include "device/cudnn/double/layer.h"

namespace rondo::test {

using DoubleVector = std::vector<double>;

constexpr double kOfARun = 123;           // the first number of a reserve
constexpr double kOfDataGradients = 456;  // likewise
constexpr std::int64_t kKeptPerUnit = 8;  // numbers

inline std::size_t at(std::int64_t index) { return static_cast<std::size_t>(index); }

class DoubleStep {
 public:
  DoubleStep(const DoubleLayer& layer, double* reserve, std::int64_t t, std::int64_t b)
      : layer_(layer), reserve_(reserve), t_(t), b_(b) {}

  std::int64_t element(std::int64_t width, std::int64_t k) const { return row(t_) * width + k; }
  /// The row's elements of a sequence.
  DoubleVector values(const Elements& sequence, std::int64_t width) const;
  /// h before the step.
  DoubleVector before(const Elements& y, const Elements& initial) const;

  /// Number k of unit u that is kept.
  double& kept(std::int64_t k, std::int64_t u) const {
    return reserve_[1 + ((t_ * layer_.B + b_) * kKeptPerUnit + k) * layer_.H + u];
  }
  bool keeps() const { return reserve_ != nullptr; }

 private:
  std::int64_t row(std::int64_t t) const { return layer_.batch_major ? b_ * layer_.T + t : t * layer_.B + b_; }

  const DoubleLayer& layer_;
  double* reserve_;
  std::int64_t t_;
  std::int64_t b_;
};

/// The numbers of a whole weight space.
DoubleVector all_of(const DoubleLayer& layer, const Elements& weights);

void fill(const Elements& target, std::int64_t count, double value);

}  // namespace rondo::test
