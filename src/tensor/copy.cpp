#include "tensor/copy.h"

#include <cstring>

#include "rondo/error.h"
#include "tensor/strided_loop.h"
#include "vocabulary/dispatch_dtype.h"

namespace rondo {
namespace {

void check_on_cpu(const Tensor& tensor) {
  if (tensor.device() != cpu()) throw ValueError("tensor", describe(tensor), "one on the cpu");
}

template <typename From, typename To>
void convert_elements(const Tensor& source, const Tensor& target) {
  const From* from = source.data<From>();
  To* to = target.data<To>();
  strided_loop<2>(target.shape(), {source.strides(), target.strides()},
                  [&](std::int64_t count, const auto& offsets, const auto& steps) {
                    for (std::int64_t i = 0; i < count; ++i) {
                      to[offsets[1] + i * steps[1]] = convert_element<To>(from[offsets[0] + i * steps[0]]);
                    }
                  });
}

}  // namespace

void copy_elements(const Tensor& source, const Tensor& target) {
  check_on_cpu(source);
  check_on_cpu(target);
  if (source.numel() == 0) return;
  if (source.dtype() == target.dtype() && source.is_contiguous() && target.is_contiguous()) {
    std::memmove(target.data(), source.data(), static_cast<std::size_t>(source.numel()) * size_of(source.dtype()));
    return;
  }
  dispatch_dtype(source.dtype(), [&]<typename From>(ElementTag<From>) {
    dispatch_dtype(target.dtype(), [&]<typename To>(ElementTag<To>) { convert_elements<From, To>(source, target); });
  });
}

void fill_elements(const Tensor& target, double value) {
  check_on_cpu(target);
  dispatch_dtype(target.dtype(), [&]<typename Element>(ElementTag<Element>) {
    const auto element = convert_element<Element>(value);
    Element* data = target.data<Element>();
    strided_loop<1>(target.shape(), {target.strides()},
                    [&](std::int64_t count, const auto& offsets, const auto& steps) {
                      for (std::int64_t i = 0; i < count; ++i) data[offsets[0] + i * steps[0]] = element;
                    });
  });
}

}  // namespace rondo
