// Convolution of f32 by oneDNN, which chooses the packed layout of the kernel, and caches what it prepares for a shape.

#include <dnnl.hpp>
#include <shared_mutex>

#include "cpu/ops/cpu_ops.h"
#include "cpu/ops/onednn_fork.h"
#include "rondo/vocabulary/error.h"

namespace rondo {
namespace {

using dnnl::memory;

// Describes a tensor (first, middle..., last) as (first, last, middle...): oneDNN names channels before spatial axes,
// and takes any strides.
memory::desc channels_second(const Tensor& tensor) {
  memory::dims sizes{tensor.size(0), tensor.size(-1)};
  memory::dims strides{tensor.stride(0), tensor.stride(-1)};
  for (int axis = 1; axis + 1 < tensor.rank(); ++axis) {
    sizes.push_back(tensor.size(axis));
    strides.push_back(tensor.stride(axis));
  }
  return {sizes, memory::data_type::f32, strides};
}

// Describes a kernel (K..., C, F) as (F, C, K...).
memory::desc filters_first(const Tensor& kernel) {
  memory::dims sizes{kernel.size(-1), kernel.size(-2)};
  memory::dims strides{kernel.stride(-1), kernel.stride(-2)};
  for (int axis = 0; axis + 2 < kernel.rank(); ++axis) {
    sizes.push_back(kernel.size(axis));
    strides.push_back(kernel.stride(axis));
  }
  return {sizes, memory::data_type::f32, strides};
}

dnnl::convolution_forward::desc description(const memory::desc& x, const memory::desc& kernel,
                                            const memory::desc& result, std::span<const ConvolutionAxis> axes) {
  memory::dims strides;
  memory::dims dilates;
  memory::dims before;
  memory::dims behind;
  for (const ConvolutionAxis& axis : axes) {
    strides.push_back(axis.stride);
    dilates.push_back(axis.dilation - 1);
    before.push_back(axis.before);
    behind.push_back(axis.padded - axis.n - axis.before);
  }
  return {dnnl::prop_kind::forward_inference,
          dnnl::algorithm::convolution_direct,
          x,
          kernel,
          result,
          strides,
          dilates,
          before,
          behind};
}

void convolve(const Tensor& x, const Tensor& kernel, std::span<const ConvolutionAxis> axes, const Tensor& result) {
  const std::shared_lock under_way(onednn_under_way());
  static const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  dnnl::stream stream(engine);
  const memory::desc source = channels_second(x);
  const memory::desc plain = filters_first(kernel);
  const memory::desc any(plain.dims(), memory::data_type::f32, memory::format_tag::any);
  const memory::desc target = channels_second(result);
  const dnnl::convolution_forward::primitive_desc chosen(description(source, any, target, axes), engine);
  memory weights(plain, engine, kernel.data());
  if (chosen.weights_desc() != plain) {
    memory packed(chosen.weights_desc(), engine);
    dnnl::reorder(weights, packed).execute(stream, weights, packed);
    weights = packed;
  }
  dnnl::convolution_forward(chosen).execute(stream, {{DNNL_ARG_SRC, memory(source, engine, x.data())},
                                                     {DNNL_ARG_WEIGHTS, weights},
                                                     {DNNL_ARG_DST, memory(target, engine, result.data())}});
  stream.wait();
}

}  // namespace

bool cpu_convolution(const Tensor& x, const Tensor& kernel, std::span<const ConvolutionAxis> axes,
                     const Tensor& result) {
  if (x.dtype() != DType::f32 || axes.size() > 3) return false;
  try {
    convolve(x.contiguous(), kernel.contiguous(), axes, result);
  } catch (const dnnl::error& error) {
    throw RuntimeError("oneDNN: convolution of " + describe(x) + " by " + describe(kernel) + ": " + error.what());
  }
  return true;
}

}  // namespace rondo
