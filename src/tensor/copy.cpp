#include "tensor/copy.h"

#include <cstring>

#include "cuda/runtime/runtime.h"
#include "rondo/tensor/stream.h"
#include "rondo/vocabulary/error.h"
#include "tensor/device_copy.h"
#include "tensor/strided_loop.h"
#include "vocabulary/dispatch_dtype.h"

namespace rondo {
namespace {

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

std::size_t bytes_of(const Tensor& contiguous) {
  return static_cast<std::size_t>(contiguous.numel()) * size_of(contiguous.dtype());
}

bool same_bytes(const Tensor& source, const Tensor& target) {
  return source.dtype() == target.dtype() && source.is_contiguous() && target.is_contiguous();
}

void copy_on_cpu(const Tensor& source, const Tensor& target) {
  if (same_bytes(source, target)) {
    std::memmove(target.data(), source.data(), bytes_of(source));
    return;
  }
  dispatch_dtype(source.dtype(), [&]<typename From>(ElementTag<From>) {
    dispatch_dtype(target.dtype(), [&]<typename To>(ElementTag<To>) { convert_elements<From, To>(source, target); });
  });
}

// Queues the copy on the current stream of the target's device, or of the source's if the target is the host. A copy
// from or to the host is waited for, so that the caller may reuse both tensors when this function returns.
void copy_bytes(const Tensor& source, const Tensor& target) {
  const bool to_host = target.device() == cpu();
  const Stream stream = current_stream(to_host ? source.device() : target.device());
  const bool host_is_involved = to_host || source.device() == cpu();
  if (host_is_involved && cuda_runtime::is_recording(stream)) {
    throw RuntimeError("a copy of " + describe(source) + " to " + to_string(target.device()) +
                       " cannot be recorded in a graph: copy before the steps begin");
  }
  const bool between_devices = !host_is_involved && source.device() != target.device();
  if (between_devices) make_wait(stream, current_stream(source.device()));
  cuda_runtime::copy(target.data(), source.data(), bytes_of(source), stream);
  if (host_is_involved) cuda_runtime::synchronize(stream);
  if (between_devices) make_wait(current_stream(source.device()), stream);
}

}  // namespace

void copy_elements(const Tensor& source, const Tensor& target) {
  if (source.numel() == 0) return;
  if (source.device() == cpu() && target.device() == cpu()) {
    copy_on_cpu(source, target);
  } else if (same_bytes(source, target)) {
    copy_bytes(source, target);
  } else if (source.device() == target.device()) {
    cuda_copy_elements(source, target);
  } else {  // the source's device packs and converts the elements, and the target's device spreads them
    const Tensor packed = source.to(target.dtype()).contiguous();
    if (target.is_contiguous()) return copy_bytes(packed, target);
    const Tensor arrived = Tensor::empty(target.shape(), target.dtype(), target.device());
    copy_bytes(packed, arrived);
    copy_elements(arrived, target);
  }
}

void fill_elements(const Tensor& target, double value) {
  if (target.device().type == DeviceType::cuda) return cuda_fill_elements(target, value);
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
