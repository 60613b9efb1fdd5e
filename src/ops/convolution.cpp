// Convolution by the device's backend if it has one, or else as a matrix product. Each element of the kernel has a view
// of the elements of x that it is multiplied with; the views side by side are multiplied with the kernel.

#include <algorithm>
#include <limits>

#include "ops/backend.h"
#include "ops/check.h"
#include "rondo/ops/ops.h"
#include "rondo/vocabulary/error.h"

namespace rondo {
namespace {

std::int64_t number_of(const char* name, const std::vector<std::int64_t>& numbers, int axis, int axes) {
  if (std::ssize(numbers) != axes && std::ssize(numbers) > 1) {
    throw ValueError(std::string(name) + " of convolution", std::to_string(numbers.size()) + " numbers",
                     "one, or " + std::to_string(axes) + " for the spatial axes");
  }
  const std::int64_t number = numbers.empty() ? 1 : numbers[numbers.size() == 1 ? 0 : static_cast<std::size_t>(axis)];
  if (number < 1 || number > std::numeric_limits<std::int32_t>::max()) {
    throw ValueError(std::string(name) + " of convolution", std::to_string(number), "1 or more, below 2^31");
  }
  return number;
}

// Padding `same` gives ceil(n / stride) outputs, and the zeros that they need, an odd one behind.
void pad(ConvolutionAxis& axis, ConvolutionPadding padding) {
  const std::int64_t n = axis.n;
  const std::int64_t reach = (axis.kernel - 1) * axis.dilation + 1;
  axis.padded = n;
  if (padding == ConvolutionPadding::same) {
    axis.output = (n + axis.stride - 1) / axis.stride;
    const std::int64_t zeros = std::max<std::int64_t>(0, (axis.output - 1) * axis.stride + reach - n);
    axis.before = zeros / 2;
    axis.padded = n + zeros;
  } else if (n >= reach) {
    axis.output = (n - reach) / axis.stride + 1;
  } else {
    throw ValueError("x of convolution", "a spatial axis of " + std::to_string(n),
                     "at least " + std::to_string(reach) + ", what the kernel reaches over");
  }
}

std::vector<ConvolutionAxis> axes_of(const Shape& x, const Shape& kernel, const ConvolutionOptions& options) {
  const int count = kernel.rank() - 2;
  if (count < 1 || x.rank() != kernel.rank() || x[-1] != kernel[-2]) {
    throw ValueError("kernel of convolution", to_string(kernel),
                     "(K..., C, F) for x (B, ..., C) of shape " + to_string(x) + ", as many K as spatial axes");
  }
  std::vector<ConvolutionAxis> axes;
  for (int k = 0; k < count; ++k) {
    ConvolutionAxis axis{.n = x[k + 1],
                         .kernel = kernel[k],
                         .stride = number_of("strides", options.strides, k, count),
                         .dilation = number_of("dilation", options.dilation, k, count)};
    if (axis.kernel < 1) {
      throw ValueError("kernel of convolution", to_string(kernel), "1 or more elements on each axis");
    }
    pad(axis, options.padding);
    axes.push_back(axis);
  }
  return axes;
}

Tensor with_zeros(const Tensor& x, const std::vector<ConvolutionAxis>& axes) {
  Shape shape = x.shape();
  for (int k = 0; k < std::ssize(axes); ++k) shape[k + 1] = axes[static_cast<std::size_t>(k)].padded;
  if (shape == x.shape()) return x;
  const Tensor padded = Tensor::zeros(shape, x.dtype(), x.device());
  Tensor inside = padded;
  for (int k = 0; k < std::ssize(axes); ++k) {
    const std::int64_t before = axes[static_cast<std::size_t>(k)].before;
    inside = inside.slice(k + 1, before, before + x.size(k + 1));
  }
  inside.copy_from(x);
  return padded;
}

// The elements that element `tap` of the kernel, counted row by row, is multiplied with: (B, output..., C).
Tensor view_of_tap(const Tensor& padded, const std::vector<ConvolutionAxis>& axes, std::int64_t tap) {
  Tensor view = padded;
  for (auto k = std::ssize(axes) - 1; k >= 0; --k) {
    const ConvolutionAxis& axis = axes[static_cast<std::size_t>(k)];
    const std::int64_t first = tap % axis.kernel * axis.dilation;
    view = view.slice(static_cast<int>(k) + 1, first, first + (axis.output - 1) * axis.stride + 1, axis.stride);
    tap /= axis.kernel;
  }
  return view;
}

}  // namespace

Shape convolution_shape(const Shape& x, const Shape& kernel, const ConvolutionOptions& options) {
  Shape shape = x;
  int axis = 1;
  for (const ConvolutionAxis& one : axes_of(x, kernel, options)) shape[axis++] = one.output;
  shape[-1] = kernel[-1];
  return shape;
}

Tensor convolution(const Tensor& x, const Tensor& kernel, const ConvolutionOptions& options) {
  check_floating({"convolution", "x", x});
  check_agree({"convolution", "x", x}, {"convolution", "kernel", kernel});
  const Shape shape = convolution_shape(x.shape(), kernel.shape(), options);
  if (shape.numel() == 0) return Tensor::empty(shape, x.dtype(), x.device());
  const std::vector<ConvolutionAxis> axes = axes_of(x.shape(), kernel.shape(), options);
  const Tensor result = Tensor::empty(shape, x.dtype(), x.device());
  if (x.size(-1) > 0 && backend_of(x.device()).convolution(x, kernel, axes, result)) return result;
  const Tensor padded = with_zeros(x, axes);
  std::int64_t taps = 1;
  for (const ConvolutionAxis& axis : axes) taps *= axis.kernel;
  std::vector<Tensor> views;
  for (std::int64_t tap = 0; tap < taps; ++tap) views.push_back(view_of_tap(padded, axes, tap));
  const Tensor patches = taps == 1 ? views[0] : concat(views);
  return dot(patches, kernel.reshape({taps * kernel.size(-2), kernel.size(-1)}));
}

}  // namespace rondo
