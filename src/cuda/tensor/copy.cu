// Copies, conversions and fills of elements on one CUDA device.

#include "cuda/device/convert_element.cuh"
#include "cuda/runtime/runtime.h"
#include "cuda/tensor/element_bits.h"
#include "cuda/tensor/elementwise.cuh"
#include "tensor/device_copy.h"

namespace rondo {
namespace {

struct Copy {
  template <typename Result, typename Source>
  __device__ void operator()(Result& result, const Source& source) const {
    result = source;
  }
};

struct Convert {
  template <typename To, typename From, int kWidth>
  __device__ void operator()(device::Pack<To, kWidth>& result, const device::Pack<From, kWidth>& source) const {
    for (int i = 0; i < kWidth; ++i) result.elements[i] = device::convert_element<To>(source.elements[i]);
  }
};

template <typename Bits>
struct Fill {
  Bits value;

  template <int kWidth>
  __device__ void operator()(device::Pack<Bits, kWidth>& result) const {
    for (Bits& element : result.elements) element = value;
  }
};

}  // namespace

void cuda_copy_elements(const Tensor& source, const Tensor& target) {
  if (source.dtype() == target.dtype()) {
    dispatch_bits(source.dtype(),
                  [&]<typename Bits>(ElementTag<Bits>) { launch_elementwise<Bits, Bits>(Copy{}, target, source); });
    return;
  }
  dispatch_dtype(source.dtype(), [&]<typename From>(ElementTag<From>) {
    dispatch_dtype(target.dtype(), [&]<typename To>(ElementTag<To>) {
      if constexpr (!std::is_same_v<From, To>) launch_elementwise<To, From>(Convert{}, target, source);
    });
  });
}

void cuda_fill_elements(const Tensor& target, double value) {
  dispatch_dtype(target.dtype(), [&]<typename Element>(ElementTag<Element>) {
    using Bits = BitsOf<Element>;
    const Bits bits = std::bit_cast<Bits>(convert_element<Element>(value));
    if (bits == 0 && target.is_contiguous() && target.numel() > 0) {
      const auto bytes = static_cast<std::size_t>(target.numel()) * sizeof(Bits);
      cuda_runtime::fill_zeros(target.data(), bytes, current_stream(target.device()));
    } else {
      launch_elementwise<Bits>(Fill<Bits>{bits}, target);
    }
  });
}

}  // namespace rondo
