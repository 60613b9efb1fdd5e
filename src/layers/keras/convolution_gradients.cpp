#include "layers/keras/convolution_gradients.h"

#include <algorithm>

namespace rondo {
namespace {

/// A spatial axis of a convolution.
struct Axis {
  std::int64_t size;     ///< of x
  std::int64_t results;  ///< of the result
  std::int64_t kernel;
  std::int64_t stride;
  std::int64_t dilation;
  std::int64_t padding;  ///< zeros in front of x and behind it, together
  std::int64_t in_front() const { return padding / 2; }
};

std::vector<Axis> axes_of(const Tensor& x, const Tensor& kernel, const ConvolutionOptions& options,
                          const Tensor& result) {
  std::vector<Axis> axes;
  const auto number = [](const std::vector<std::int64_t>& numbers, int axis) {
    return numbers[numbers.size() == 1 ? 0 : static_cast<std::size_t>(axis)];
  };
  for (int k = 0; k < kernel.rank() - 2; ++k) {
    Axis axis{.size = x.size(k + 1),
              .results = result.size(k + 1),
              .kernel = kernel.size(k),
              .stride = number(options.strides, k),
              .dilation = number(options.dilation, k),
              .padding = 0};
    if (options.padding == ConvolutionPadding::same) {
      const std::int64_t reach = (axis.results - 1) * axis.stride + (axis.kernel - 1) * axis.dilation + 1;
      axis.padding = std::max<std::int64_t>(reach - axis.size, 0);
    }
    axes.push_back(axis);
  }
  return axes;
}

/// x with its zeros around it.
Tensor padded(const Tensor& x, const std::vector<Axis>& axes) {
  Shape shape = x.shape();
  for (std::size_t k = 0; k < axes.size(); ++k) shape[static_cast<int>(k) + 1] += axes[k].padding;
  return Tensor::zeros(shape, x.dtype(), x.device());
}

/// A view of what x is within `whole`.
Tensor without_padding(Tensor whole, const std::vector<Axis>& axes) {
  for (std::size_t k = 0; k < axes.size(); ++k) {
    whole = whole.slice(static_cast<int>(k) + 1, axes[k].in_front(), axes[k].in_front() + axes[k].size);
  }
  return whole;
}

/// A view (B, M..., C) of the elements that one position of the kernel is multiplied by.
Tensor elements_at(Tensor whole, const std::vector<Axis>& axes, const std::vector<std::int64_t>& position) {
  for (std::size_t k = 0; k < axes.size(); ++k) {
    const std::int64_t begin = position[k] * axes[k].dilation;
    const std::int64_t end = begin + (axes[k].results - 1) * axes[k].stride + 1;
    whole = whole.slice(static_cast<int>(k) + 1, begin, end, axes[k].stride);
  }
  return whole;
}

/// A view (C, F) of one position of the kernel.
Tensor matrix_at(Tensor kernel, const std::vector<std::int64_t>& position) {
  for (const std::int64_t index : position) kernel = kernel.select(0, index);
  return kernel;
}

/// Moves to the next position of the kernel. Returns whether there is one.
bool advance(std::vector<std::int64_t>& position, const std::vector<Axis>& axes) {
  for (std::size_t k = axes.size(); k-- > 0;) {
    if (++position[k] < axes[k].kernel) return true;
    position[k] = 0;
  }
  return false;
}

/// (..., C) as a matrix (rows, C).
Tensor as_matrix(const Tensor& images) {
  const std::int64_t channels = images.size(-1);
  const std::int64_t rows = channels == 0 ? 0 : images.numel() / channels;
  return images.contiguous().reshape({rows, channels});
}

}  // namespace

// With x_k for the elements of x that position k of the kernel is multiplied by, and y = the sum of x_k K_k:
//     dK_k = x_k' dy,   dx_k += dy K_k'
ConvolutionGradients convolution_gradients(const Tensor& x, const Tensor& kernel, const ConvolutionOptions& options,
                                           const Tensor& d_result) {
  const std::vector<Axis> axes = axes_of(x, kernel, options, d_result);
  const Tensor whole = padded(x, axes);
  without_padding(whole, axes).copy_from(x);
  const Tensor d_whole = padded(x, axes);
  const Tensor d_kernel = zeros_like(kernel);
  const Tensor dy = as_matrix(d_result);
  std::vector<std::int64_t> position(axes.size(), 0);
  do {
    const Tensor elements = elements_at(whole, axes, position);
    matrix_at(d_kernel, position).copy_from(dot(as_matrix(elements).swap_axes(0, 1), dy));
    const Tensor d_elements = elements_at(d_whole, axes, position);
    const Tensor product = dot(dy, matrix_at(kernel, position).swap_axes(0, 1));
    d_elements.copy_from(add(d_elements, product.reshape(elements.shape())));
  } while (advance(position, axes));
  return {without_padding(d_whole, axes).clone(), d_kernel};
}

}  // namespace rondo
