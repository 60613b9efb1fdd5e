#include "agreement/parity/tensor_pair.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "support/compare.h"
#include "support/device_under_test.h"
#include "vocabulary/dispatch_dtype.h"

namespace rondo::test {
namespace {

double ordinary_number(Random& random) { return random.uniform(-4, 4); }

double hazardous_number(Random& random) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  switch (random.integer(0, 9)) {
    case 0: return std::numeric_limits<double>::quiet_NaN();
    case 1: return random.coin() ? kInfinity : -kInfinity;
    case 2: return random.coin() ? 0.0 : -0.0;
    case 3: return random.uniform(-1, 1) * std::exp2(static_cast<double>(random.integer(-160, 70)));
    case 4: return static_cast<double>(random.integer(-70000, 70000));
    case 5: return static_cast<double>(random.integer(-4100, 4100)) + 0.5;  // halfway between 16-bit numbers
    case 6: return random.pick({2147483647.0, 2147483648.0, -2147483649.0, 9223372036854775808.0, 65504.0, 65520.0});
    default: return ordinary_number(random);
  }
}

template <typename Integer>
Integer hazardous_integer(Random& random) {
  using Limits = std::numeric_limits<Integer>;
  const auto small = static_cast<Integer>(random.integer(0, 5));
  switch (random.integer(0, 3)) {
    case 0: return static_cast<Integer>(Limits::max() - small);
    case 1: return static_cast<Integer>(Limits::min() + small);
    case 2: return static_cast<Integer>(random.integer(Limits::min(), Limits::max()));
    default: return static_cast<Integer>(random.integer(-100, 100));
  }
}

template <typename Element>
Element random_element(Random& random, Elements elements) {
  const bool hazardous = elements == Elements::hazardous;
  if constexpr (std::is_same_v<Element, bool>) {
    return random.coin();
  } else if constexpr (std::is_integral_v<Element>) {
    return hazardous ? hazardous_integer<Element>(random) : static_cast<Element>(random.integer(-100, 100));
  } else {
    if (elements == Elements::positive) return convert_element<Element>(random.uniform(0.5, 4));
    return convert_element<Element>(hazardous ? hazardous_number(random) : ordinary_number(random));
  }
}

Tensor random_elements(Random& random, const Shape& shape, DType dtype, Elements elements) {
  const Tensor result = Tensor::empty(shape, dtype);
  dispatch_dtype(dtype, [&]<typename Element>(ElementTag<Element>) {
    for (std::int64_t i = 0; i < shape.numel(); ++i) {
      result.data<Element>()[i] = random_element<Element>(random, elements);
    }
  });
  return result;
}

/// How an axis of a view is made from an axis of its memory.
enum class AxisView { plain, backwards, gaps, gaps_backwards, repeated };

std::int64_t size_behind(AxisView view, std::int64_t size) {
  switch (view) {
    case AxisView::gaps:
    case AxisView::gaps_backwards: return 2 * size;
    case AxisView::repeated: return 1;
    default: return size;
  }
}

Tensor view_of(const Tensor& x, int axis, AxisView view) {
  const std::int64_t size = x.size(axis);
  switch (view) {
    case AxisView::backwards: return size == 0 ? x : x.slice(axis, size - 1, -1, -1);
    case AxisView::gaps: return x.slice(axis, 0, size, 2);
    case AxisView::gaps_backwards: return size == 0 ? x : x.slice(axis, size - 1, -1, -2);
    default: return x;
  }
}

std::vector<double> as_doubles(const Tensor& x) { return x.to(cpu()).to(DType::f64).to_vector<double>(); }

::testing::AssertionResult other_tensor(const Tensor& actual, const Tensor& expected) {
  return ::testing::AssertionFailure() << describe(actual) << " instead of " << describe(expected);
}

::testing::AssertionResult other_element(std::size_t index, double actual, double expected) {
  return ::testing::AssertionFailure() << "element " << index << " is " << ::testing::PrintToString(actual)
                                       << " instead of " << ::testing::PrintToString(expected);
}

}  // namespace

Shape random_shape(Random& random, int rank, std::int64_t largest, std::int64_t most_elements) {
  Shape shape;
  std::int64_t left = most_elements;
  for (int axis = 0; axis < rank; ++axis) {
    const std::int64_t size = random.coin(0.02) ? 0 : random.integer(1, std::min(largest, left));
    left /= std::max<std::int64_t>(size, 1);
    shape = shape.insert(random.coin() ? 0 : shape.rank(), size);
  }
  return shape;
}

Shape random_broadcastable(Random& random, const Shape& shape) {
  Shape result = shape;
  for (int axis = 0; axis < shape.rank(); ++axis) {
    if (random.coin(0.3)) result[axis] = 1;
  }
  while (result.rank() > 0 && random.coin(0.2)) result = result.erase(0);
  return result;
}

TensorPair random_pair(Random& random, const Shape& shape, DType dtype, Elements elements) {
  const Tensor host = random_elements(random, shape, dtype, elements);
  return {host, host.to(device_under_test())};
}

TensorPair random_view(Random& random, const Shape& shape, DType dtype, Elements elements) {
  const int rank = shape.rank();
  std::vector<int> order(static_cast<std::size_t>(rank));  // axis k of the memory is axis order[k] of the view
  for (int axis = 0; axis < rank; ++axis) order[static_cast<std::size_t>(axis)] = axis;
  if (random.coin()) {
    std::mt19937_64 engine(static_cast<std::uint64_t>(random.integer(0, 1 << 30)));
    std::shuffle(order.begin(), order.end(), engine);
  }
  std::vector<AxisView> views;
  std::vector<int> back(static_cast<std::size_t>(rank));
  Shape behind;
  for (int k = 0; k < rank; ++k) {
    const int axis = order[static_cast<std::size_t>(k)];
    const bool odd = random.coin(0.4);
    views.push_back(
        odd ? random.pick({AxisView::backwards, AxisView::gaps, AxisView::gaps_backwards, AxisView::repeated})
            : AxisView::plain);
    behind = behind.insert(k, size_behind(views.back(), shape[axis]));
    back[static_cast<std::size_t>(axis)] = k;
  }
  const TensorPair memory = random_pair(random, behind, dtype, elements);
  const auto view = [&](Tensor x) {
    for (int k = 0; k < rank; ++k) x = view_of(x, k, views[static_cast<std::size_t>(k)]);
    return x.transpose(back).broadcast_to(shape);
  };
  return {view(memory.host), view(memory.device)};
}

::testing::AssertionResult same(const Tensor& on_device, const Tensor& on_host) {
  const Tensor actual = on_device.to(cpu());
  if (!is_floating(actual.dtype())) return identical(actual, on_host);
  if (actual.shape() != on_host.shape() || actual.dtype() != on_host.dtype()) return other_tensor(actual, on_host);
  const std::vector<double> a = as_doubles(actual);
  const std::vector<double> e = as_doubles(on_host);
  for (std::size_t i = 0; i < a.size(); ++i) {
    const bool both_nan = std::isnan(a[i]) && std::isnan(e[i]);
    const bool equal = std::bit_cast<std::uint64_t>(a[i]) == std::bit_cast<std::uint64_t>(e[i]);
    if (!both_nan && !equal) return other_element(i, a[i], e[i]);
  }
  return ::testing::AssertionSuccess();
}

::testing::AssertionResult near_to(const Tensor& on_device, const Tensor& on_host, Nearness nearness) {
  const Tensor actual = on_device.to(cpu());
  if (actual.shape() != on_host.shape() || actual.dtype() != on_host.dtype()) return other_tensor(actual, on_host);
  const std::vector<double> a = as_doubles(actual);
  const std::vector<double> e = as_doubles(on_host);
  const double epsilon = epsilon_of(on_host.dtype());
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (a[i] == e[i] || (std::isnan(a[i]) && std::isnan(e[i]))) continue;
    const double bound = nearness.spacings * epsilon * std::max(std::abs(e[i]), nearness.least);
    if (!(std::abs(a[i] - e[i]) <= bound) || std::isinf(e[i])) return other_element(i, a[i], e[i]);
  }
  return ::testing::AssertionSuccess();
}

double epsilon_of(DType dtype) {
  switch (dtype) {
    case DType::f64: return 0x1p-52;
    case DType::f32: return 0x1p-23;
    case DType::f16: return 0x1p-10;
    case DType::bf16: return 0x1p-7;
    default: return 0;
  }
}

}  // namespace rondo::test
