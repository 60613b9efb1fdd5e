#include "rondo/tensor/dlpack.h"

#include <algorithm>
#include <array>
#include <memory>

#include "rondo/tensor/stream.h"
#include "rondo/vocabulary/error.h"
#include "tensor/copy.h"
#include "tensor/dlpack_dtype.h"

namespace rondo {
namespace {

using dlpack::DLDevice;
using dlpack::DLTensor;

constexpr std::int32_t kHost = 1;
constexpr std::int32_t kCuda = 2;
constexpr std::int32_t kPinnedHost = 3;

Device device_of(DLDevice device) {
  if (device.device_type == kHost || device.device_type == kPinnedHost) return cpu();
  if (device.device_type == kCuda) return cuda(device.device_id);
  throw ValueError("dlpack device", "type " + std::to_string(device.device_type),
                   "1 (cpu), 2 (cuda) or 3 (pinned host)");
}

void check_stream(const char* name, const std::optional<Stream>& stream, Device device) {
  if (stream && stream->device != device) {
    throw ValueError(name, "a stream of " + to_string(stream->device), "one of " + to_string(device));
  }
}

// Makes work queued on `waiting` from now on wait for work queued on `awaited` so far, unless the context is gone.
void order(Stream waiting, Stream awaited) noexcept {
  try {
    make_wait(waiting, awaited);
  } catch (const std::exception&) {
    // The context is gone, so that no work that could use the memory runs any more.
  }
}

// An exported tensor, with the arrays that its DLTensor points to.
template <typename Managed>
struct Exported {
  Tensor tensor;
  std::optional<Stream> consumer;
  std::array<std::int64_t, kMaxRank> shape{};
  std::array<std::int64_t, kMaxRank> strides{};
  Managed managed{};
};

template <typename Managed>
Managed* export_tensor(const Tensor& tensor, const std::optional<Stream>& consumer) {
  const Device device = tensor.device();  // throws for an empty tensor
  check_stream("consumer", consumer, device);
  if (consumer) make_wait(*consumer, current_stream(device));
  auto owner = std::make_unique<Exported<Managed>>();
  owner->tensor = tensor;
  owner->consumer = consumer;
  std::copy(tensor.shape().begin(), tensor.shape().end(), owner->shape.begin());
  std::copy(tensor.strides().begin(), tensor.strides().end(), owner->strides.begin());
  Managed& managed = owner->managed;
  managed.dl_tensor = {.data = tensor.data(),
                       .device = {device.type == DeviceType::cpu ? kHost : kCuda, device.index},
                       .ndim = tensor.rank(),
                       .dtype = dlpack_dtype(tensor.dtype()),
                       .shape = owner->shape.data(),
                       .strides = owner->strides.data(),
                       .byte_offset = 0};
  managed.manager_ctx = owner.get();
  managed.deleter = [](Managed* self) {
    const std::unique_ptr<Exported<Managed>> exported(static_cast<Exported<Managed>*>(self->manager_ctx));
    // Rondo's use of the memory after this waits for the consumer's.
    if (exported->consumer) order(current_stream(exported->consumer->device), *exported->consumer);
  };
  return &owner.release()->managed;
}

void check_sizes(const DLTensor& source) {
  if (source.ndim < 0 || source.ndim > kMaxRank) {
    throw ValueError("dlpack ndim", std::to_string(source.ndim), "0 to " + std::to_string(kMaxRank));
  }
  if (source.ndim > 0 && source.shape == nullptr) throw ValueError("dlpack shape", "null", "one size for each axis");
}

// The elements that a view can reach: `above` from the first one on, and `below` before it, by negative strides.
struct Reach {
  std::int64_t below = 0;
  std::int64_t above = 0;
};

Reach reach_of(const Shape& shape, const Strides& strides, std::size_t width) {
  Reach reach{.above = shape.numel() == 0 ? 0 : 1};
  bool overflows = false;
  for (int axis = 0; axis < shape.rank() && reach.above > 0; ++axis) {
    std::int64_t far = 0;
    overflows |= __builtin_mul_overflow(strides[axis], shape[axis] - 1, &far);
    std::int64_t& side = far < 0 ? reach.below : reach.above;
    overflows |= far < 0 ? __builtin_sub_overflow(side, far, &side) : __builtin_add_overflow(side, far, &side);
  }
  std::int64_t bytes = 0;
  overflows |= __builtin_add_overflow(reach.below, reach.above, &bytes);
  overflows |= __builtin_mul_overflow(bytes, static_cast<std::int64_t>(width), &bytes);
  if (overflows) {
    throw ValueError("dlpack strides", to_string(strides) + " of shape " + to_string(shape), "fewer than 2^63 bytes");
  }
  return reach;
}

void check_alignment(const std::byte* first, std::size_t width) {
  if (const auto rest = reinterpret_cast<std::uintptr_t>(first) % width; rest != 0) {
    throw ValueError("dlpack data", "an address " + std::to_string(rest) + " beyond a multiple of its elements",
                     "a multiple of " + std::to_string(width));
  }
}

Tensor view_of(const DLTensor& source, const std::shared_ptr<void>& owner) {
  check_sizes(source);
  const auto rank = static_cast<std::size_t>(source.ndim);
  const Shape shape(std::span<const std::int64_t>(source.shape, rank));
  const DType dtype = dtype_of_dlpack(source.dtype);
  const auto width = static_cast<std::int64_t>(size_of(dtype));
  (void)shape.numel();  // throws where the strides below would overflow
  const Strides strides = source.strides == nullptr ? contiguous_strides(shape)
                                                    : Strides(std::span<const std::int64_t>(source.strides, rank));
  // The storage is the span of memory that the view can reach; negative strides reach below the first element.
  const auto [below, above] = reach_of(shape, strides, size_of(dtype));
  const Device device = device_of(source.device);
  check_device(device);
  auto* first = static_cast<std::byte*>(source.data);
  if (above > 0) {
    if (first == nullptr) throw ValueError("dlpack data", "null", "the address of the first element");
    first += source.byte_offset;
    check_alignment(first, size_of(dtype));
    check_device_memory("dlpack data", first, device);
  }
  auto storage = std::make_shared<Storage>(first - below * width, static_cast<std::size_t>((below + above) * width),
                                           device, [owner] {});
  return {std::move(storage), dtype, shape, strides, below};
}

template <typename Managed>
std::shared_ptr<void> take_ownership(Managed* managed, const std::optional<Stream>& producer) {
  if (managed == nullptr) throw ValueError("dlpack tensor", "null", "a managed tensor");
  return {managed, [producer](void* pointer) {
            auto* self = static_cast<Managed*>(pointer);
            // The producer's use of the memory after this waits for Rondo's.
            if (producer) order(*producer, current_stream(producer->device));
            if (self->deleter != nullptr) self->deleter(self);
          }};
}

Tensor import_tensor(const DLTensor& source, const std::shared_ptr<void>& owner,
                     const std::optional<Stream>& producer) {
  Tensor tensor = view_of(source, owner);
  check_stream("producer", producer, tensor.device());
  if (producer) make_wait(current_stream(tensor.device()), *producer);
  return tensor;
}

}  // namespace

dlpack::DLManagedTensorVersioned* to_dlpack(const Tensor& tensor, const std::optional<Stream>& consumer) {
  auto* managed = export_tensor<dlpack::DLManagedTensorVersioned>(tensor, consumer);
  managed->version = dlpack::kVersion;
  return managed;
}

dlpack::DLManagedTensor* to_dlpack_legacy(const Tensor& tensor, const std::optional<Stream>& consumer) {
  return export_tensor<dlpack::DLManagedTensor>(tensor, consumer);
}

Tensor from_dlpack(dlpack::DLManagedTensorVersioned* managed, const std::optional<Stream>& producer) {
  const auto owner = take_ownership(managed, producer);
  // In another major version only `version` and `deleter` are known to have the offsets of this struct.
  if (managed->version.major != dlpack::kVersion.major) {
    throw ValueError("dlpack version", std::to_string(managed->version.major), std::to_string(dlpack::kVersion.major));
  }
  return import_tensor(managed->dl_tensor, owner, producer);
}

Tensor from_dlpack(dlpack::DLManagedTensor* managed, const std::optional<Stream>& producer) {
  const auto owner = take_ownership(managed, producer);
  return import_tensor(managed->dl_tensor, owner, producer);
}

}  // namespace rondo
