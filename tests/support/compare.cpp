#include "support/compare.h"

#include <cmath>
#include <cstring>
#include <sstream>
#include <vector>

namespace rondo::test {
namespace {

std::vector<double> as_doubles(const Tensor& tensor) { return tensor.to(cpu()).to(DType::f64).to_vector<double>(); }

// The distance of two numbers: zero for equal numbers, NaN and infinity included; infinite where only one is finite.
double distance(double actual, double expected) {
  if (actual == expected || (std::isnan(actual) && std::isnan(expected))) return 0.0;
  const double difference = std::abs(actual - expected);
  return std::isfinite(difference) ? difference : INFINITY;
}

std::string coordinate(const Shape& shape, std::size_t index) {
  auto rest = static_cast<std::int64_t>(index);
  Shape position = shape;
  for (int axis = shape.rank() - 1; axis >= 0; --axis) {
    position[axis] = rest % shape[axis];
    rest /= shape[axis];
  }
  return to_string(position);
}

::testing::AssertionResult as_assertion(const std::string& difference) {
  if (difference.empty()) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure() << difference;
}

// Describes the first element whose distance from the expected element exceeds `allowed`.
std::string first_beyond(const Tensor& actual, const Tensor& expected, double allowed) {
  if (actual.shape() != expected.shape()) {
    return "shape " + to_string(actual.shape()) + " instead of " + to_string(expected.shape());
  }
  const std::vector<double> a = as_doubles(actual);
  const std::vector<double> e = as_doubles(expected);
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (distance(a[i], e[i]) <= allowed) continue;
    std::ostringstream text;
    text.precision(10);
    text << "at " << coordinate(actual.shape(), i) << ": got " << a[i] << ", expected " << e[i] << " within "
         << allowed;
    return text.str();
  }
  return {};
}

}  // namespace

double largest_magnitude(const Tensor& tensor) {
  double largest = 0.0;
  for (const double value : as_doubles(tensor)) {
    if (std::isfinite(value)) largest = std::max(largest, std::abs(value));
  }
  return largest;
}

std::string first_difference(const Tensor& actual, const Tensor& expected, double tolerance) {
  return first_beyond(actual, expected, tolerance * largest_magnitude(expected));
}

::testing::AssertionResult close(const Tensor& actual, const Tensor& expected, double tolerance) {
  return as_assertion(first_difference(actual, expected, tolerance));
}

::testing::AssertionResult within(const Tensor& actual, const Tensor& expected, double bound) {
  return as_assertion(first_beyond(actual, expected, bound));
}

::testing::AssertionResult identical(const Tensor& actual, const Tensor& expected) {
  if (actual.shape() != expected.shape() || actual.dtype() != expected.dtype()) {
    return ::testing::AssertionFailure() << describe(actual) << " instead of " << describe(expected);
  }
  const Tensor a = actual.contiguous();
  const Tensor e = expected.contiguous();
  const std::size_t bytes = static_cast<std::size_t>(a.numel()) * size_of(a.dtype());
  if (bytes == 0 || std::memcmp(a.data(), e.data(), bytes) == 0) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure() << "other bits: " << first_difference(actual, expected, 0.0);
}

}  // namespace rondo::test
