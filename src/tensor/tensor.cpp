#include "rondo/tensor/tensor.h"

#include <algorithm>
#include <limits>

#include "cuda/runtime/runtime.h"
#include "rondo/tensor/stream.h"
#include "rondo/vocabulary/error.h"
#include "tensor/copy.h"

namespace rondo {
namespace {

void check_sizes(const Shape& shape) {
  if (std::any_of(shape.begin(), shape.end(), [](std::int64_t size) { return size < 0; })) {
    throw ValueError("shape", to_string(shape), "no negative size");
  }
  constexpr std::int64_t kWidestElement = 8;
  if (shape.numel() > std::numeric_limits<std::int64_t>::max() / kWidestElement) {
    throw ValueError("shape", to_string(shape), "fewer than 2^60 elements");
  }
}

void check_count(std::size_t count, const Shape& shape) {
  check_sizes(shape);
  if (count != static_cast<std::size_t>(shape.numel())) {
    throw ValueError("elements", std::to_string(count), std::to_string(shape.numel()) + " for " + to_string(shape));
  }
}

}  // namespace

void check_device_memory(const std::string& name, const void* data, Device device) {
  if (device.type == DeviceType::cpu || cuda_runtime::is_device_pointer(data, device)) return;
  throw ValueError(name, "a pointer to memory that is not on " + to_string(device),
                   "one to memory of that device: copy it there, or say that it is on the cpu");
}

Storage::Storage(void* data, std::size_t bytes, Device device, std::function<void()> release)
    : data_(data), bytes_(bytes), device_(device), release_(std::move(release)) {}

Storage::Storage(std::size_t bytes, std::shared_ptr<Allocator> allocator, Stream stream)
    : data_(allocator->allocate(bytes, stream)),
      bytes_(bytes),
      device_(allocator->device()),
      allocator_(std::move(allocator)),
      stream_(stream) {}

Storage::~Storage() {
  if (allocator_ != nullptr) allocator_->deallocate(data_, bytes_, stream_);
  if (release_) release_();
}

Tensor::Tensor(std::shared_ptr<Storage> storage, DType dtype, const Shape& shape, const Strides& strides,
               std::int64_t offset)
    : storage_(std::move(storage)), shape_(shape), strides_(strides), dtype_(dtype) {
  check_sizes(shape);
  if (storage_ == nullptr) throw ValueError("storage", "null", "memory to look at");
  if (shape.rank() != strides.rank()) throw ValueError("strides", to_string(strides), "one for each axis of the shape");
  std::int64_t lowest = offset;
  std::int64_t highest = offset;
  for (int axis = 0; axis < shape.rank(); ++axis) {
    (strides[axis] < 0 ? lowest : highest) += strides[axis] * std::max<std::int64_t>(0, shape[axis] - 1);
  }
  const auto capacity = static_cast<std::int64_t>(storage_->bytes() / size_of(dtype));
  const bool inside = shape.numel() == 0 ? 0 <= offset && offset <= capacity : 0 <= lowest && highest < capacity;
  if (!inside) {
    throw ValueError("view", to_string(shape) + " with strides " + to_string(strides),
                     "one inside a storage of " + std::to_string(capacity) + " elements");
  }
  data_ = static_cast<std::byte*>(storage_->data()) + offset * static_cast<std::int64_t>(size_of(dtype));
}

Tensor Tensor::empty(const Shape& shape, DType dtype, Device device) {
  check_sizes(shape);
  const std::size_t bytes = static_cast<std::size_t>(shape.numel()) * size_of(dtype);
  auto storage = std::make_shared<Storage>(bytes, default_allocator(device), current_stream(device));
  return {std::move(storage), dtype, shape, contiguous_strides(shape)};
}

Tensor Tensor::full(const Shape& shape, double value, DType dtype, Device device) {
  Tensor result = empty(shape, dtype, device);
  result.fill(value);
  return result;
}

Tensor Tensor::zeros(const Shape& shape, DType dtype, Device device) { return full(shape, 0.0, dtype, device); }

Tensor Tensor::from_host(const void* elements, std::size_t count, DType dtype, const Shape& shape, Device device) {
  // The borrowed view is only read, but Tensor has no type for read-only data.
  return borrow_host(const_cast<void*>(elements), count, dtype, shape).clone().to(device);
}

Tensor Tensor::borrow_host(void* elements, std::size_t count, DType dtype, const Shape& shape) {
  check_count(count, shape);
  auto storage = std::make_shared<Storage>(elements, count * size_of(dtype), cpu(), nullptr);
  return {std::move(storage), dtype, shape, contiguous_strides(shape)};
}

Tensor Tensor::borrow_device(void* data, const Shape& shape, DType dtype, Device device) {
  check_device(device);
  check_sizes(shape);
  check_device_memory("data", data, device);
  const std::size_t bytes = static_cast<std::size_t>(shape.numel()) * size_of(dtype);
  return {std::make_shared<Storage>(data, bytes, device, nullptr), dtype, shape, contiguous_strides(shape)};
}

Device Tensor::device() const {
  if (!defined()) throw ValueError("tensor", "an empty one", "one with elements");
  return storage_->device();
}

bool Tensor::is_contiguous() const {
  std::int64_t step = 1;
  for (int axis = rank() - 1; axis >= 0; --axis) {
    if (shape_[axis] != 1 && strides_[axis] != step) return false;
    step *= shape_[axis];
  }
  return true;
}

void Tensor::check_dtype(DType asked) const {
  if (!defined()) throw ValueError("tensor", "an empty one", "one with elements");
  if (dtype_ != asked) throw TypeError("data", "a request for " + to_string(asked), to_string(dtype_) + " elements");
}

Tensor Tensor::contiguous() const { return is_contiguous() ? *this : clone(); }

Tensor Tensor::clone() const {
  Tensor result = empty(shape_, dtype_, device());
  copy_elements(*this, result);
  return result;
}

Tensor Tensor::to(DType dtype) const {
  if (dtype == dtype_) return *this;
  Tensor result = empty(shape_, dtype, device());
  copy_elements(*this, result);
  return result;
}

Tensor Tensor::to(Device target) const {
  if (target == device()) return *this;
  Tensor result = empty(shape_, dtype_, target);
  copy_elements(*this, result);
  return result;
}

void Tensor::copy_from(const Tensor& source) const { copy_elements(source.broadcast_to(shape_), *this); }

void Tensor::fill(double value) const { fill_elements(*this, value); }

double Tensor::item() const {
  if (numel() != 1) throw ValueError("tensor", describe(*this), "exactly one element");
  return to(cpu()).to(DType::f64).data<double>()[0];
}

}  // namespace rondo
