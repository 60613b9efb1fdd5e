/// A strided, typed view of shared memory on a device.
#pragma once

#include <cstddef>
#include <functional>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "rondo/tensor/allocator.h"
#include "rondo/vocabulary/device.h"
#include "rondo/vocabulary/dtype.h"
#include "rondo/vocabulary/shape.h"

namespace rondo {

/// Memory with an owner. The destructor, which runs when no tensor views the memory any more, calls `release`.
class Storage {
 public:
  /// Memory of the caller's; `release`, if there is one, is called when no tensor views it any more.
  Storage(void* data, std::size_t bytes, Device device, std::function<void()> release);
  /// New memory of `allocator`, in the order of `stream`. Throws as the allocator.
  Storage(std::size_t bytes, std::shared_ptr<Allocator> allocator, Stream stream);
  ~Storage();
  Storage(const Storage&) = delete;
  Storage& operator=(const Storage&) = delete;

  void* data() const { return data_; }
  std::size_t bytes() const { return bytes_; }
  Device device() const { return device_; }

 private:
  void* data_;
  std::size_t bytes_;
  Device device_;
  std::function<void()> release_;
  std::shared_ptr<Allocator> allocator_;  ///< null for the caller's memory
  Stream stream_;
};

/// An n-dimensional array: shape, strides and dtype over shared storage.
///
/// Copying a Tensor copies the view, never the elements: two copies see each other's writes, as in PyTorch. `slice`,
/// `select`, `transpose`, `insert_axis`, `erase_axis` and `broadcast_to` make further views without touching memory.
/// A default-constructed Tensor is empty: `defined()` is false and everything else but assignment throws.
///
/// A tensor may be used from several threads as long as none of them writes its elements.
///
/// @code
/// Tensor x = Tensor::from({1.0F, 2.0F, 3.0F, 4.0F, 5.0F, 6.0F}, {2, 3});
/// Tensor column = x.select(1, 0);          // a view: shape (2,)
/// column.fill(0);                          // x is 0 2 3, 0 5 6 now
/// Tensor y = x.transpose({1, 0}).clone();  // a copy: shape (3, 2)
/// std::vector<float> elements = y.to_vector<float>();
/// @endcode
///
/// `borrow` views memory of the caller without a copy:
///
/// @code
/// std::vector<float> samples(2 * 100 * 3);
/// Tensor sequence = Tensor::borrow(std::span<float>(samples), {2, 100, 3});  // (B, T, I)
/// @endcode
class Tensor {
 public:
  Tensor() = default;

  /// A view that starts at element `offset` of `storage`. Throws `ValueError` if the view leaves the storage.
  Tensor(std::shared_ptr<Storage> storage, DType dtype, const Shape& shape, const Strides& strides,
         std::int64_t offset = 0);

  /// Uninitialised, row-major. Throws `ValueError` for a negative size.
  [[nodiscard]] static Tensor empty(const Shape& shape, DType dtype, Device device = cpu());
  [[nodiscard]] static Tensor zeros(const Shape& shape, DType dtype, Device device = cpu());
  [[nodiscard]] static Tensor full(const Shape& shape, double value, DType dtype, Device device = cpu());

  /// Copies host elements, row-major; throws `ValueError` when their number is not that of `shape`.
  template <typename Element>
  [[nodiscard]] static Tensor from(std::span<const Element> elements, const Shape& shape, Device device = cpu()) {
    return from_host(elements.data(), elements.size(), dtype_of<Element>, shape, device);
  }
  template <typename Element>
  [[nodiscard]] static Tensor from(std::initializer_list<Element> elements, const Shape& shape, Device device = cpu()) {
    return from_host(std::data(elements), elements.size(), dtype_of<Element>, shape, device);
  }
  template <typename Element>
  [[nodiscard]] static Tensor from(const std::vector<Element>& elements, const Shape& shape, Device device = cpu()) {
    return from(std::span<const Element>(elements), shape, device);
  }

  /// A view of host memory that the caller keeps alive and unmoved for as long as any view of it lives.
  template <typename Element>
  [[nodiscard]] static Tensor borrow(std::span<Element> elements, const Shape& shape) {
    return borrow_host(elements.data(), elements.size(), dtype_of<Element>, shape);
  }

  /// A row-major view of memory on `device` that the caller keeps alive for as long as any view of it lives, and until
  /// work that uses the memory is done. Throws `ValueError` if a CUDA device cannot use the memory.
  [[nodiscard]] static Tensor borrow_device(void* data, const Shape& shape, DType dtype, Device device);

  bool defined() const { return storage_ != nullptr; }
  DType dtype() const { return dtype_; }
  const Shape& shape() const { return shape_; }
  const Strides& strides() const { return strides_; }
  Device device() const;
  int rank() const { return shape_.rank(); }
  std::int64_t size(int axis) const { return shape_[axis]; }
  std::int64_t stride(int axis) const { return strides_[axis]; }
  std::int64_t numel() const { return shape_.numel(); }
  /// Whether the elements are row-major without gaps; axes of size 1 may have any stride.
  bool is_contiguous() const;
  const std::shared_ptr<Storage>& storage() const { return storage_; }

  /// The address of the first element, in memory of device().
  void* data() const { return data_; }
  /// The address of the first element. Throws `TypeError` if `Element` is not the dtype.
  template <typename Element>
  Element* data() const {
    check_dtype(dtype_of<Element>);
    return static_cast<Element*>(data_);
  }

  // Views. Each throws ValueError for an axis or index that does not exist.

  /// Elements begin, begin + step, ... below `end` along `axis`; a negative `step` walks from `begin` down to above
  /// `end` (-1 reaches the first element).
  [[nodiscard]] Tensor slice(int axis, std::int64_t begin, std::int64_t end, std::int64_t step = 1) const;
  /// The elements at `index` of `axis`, without that axis. Step t of a time axis: `x.select(1, t)`.
  [[nodiscard]] Tensor select(int axis, std::int64_t index) const;
  /// Axis k of the result is axis `order[k]` of this one.
  [[nodiscard]] Tensor transpose(std::initializer_list<int> order) const {
    return transpose(std::span(order.begin(), order.size()));
  }
  [[nodiscard]] Tensor transpose(std::span<const int> order) const;
  [[nodiscard]] Tensor swap_axes(int first, int second) const;
  /// Adds an axis of size 1 before `axis` (`axis` may be the rank: append).
  [[nodiscard]] Tensor insert_axis(int axis) const;
  /// Drops an axis of size 1.
  [[nodiscard]] Tensor erase_axis(int axis) const;
  /// Repeats axes of size 1, and missing leading axes, as NumPy does. The result must not be written to.
  [[nodiscard]] Tensor broadcast_to(const Shape& shape) const;
  /// The elements in row-major order under another shape; one size may be -1, which the others then determine. A view
  /// where the strides allow one, else a copy.
  [[nodiscard]] Tensor reshape(const Shape& shape) const;

  // Copies.

  /// This tensor if it is_contiguous(), else a row-major copy.
  [[nodiscard]] Tensor contiguous() const;
  /// A row-major copy with memory of its own.
  [[nodiscard]] Tensor clone() const;
  /// A copy of another dtype or on another device; this tensor if nothing changes. Floats round to nearest, or truncate
  /// to integers: NaN becomes 0, a value out of range the nearest integer in range. Everything but zero is true.
  [[nodiscard]] Tensor to(DType dtype) const;
  [[nodiscard]] Tensor to(Device device) const;
  /// Writes the elements of `source`, converted and broadcast, into this view.
  void copy_from(const Tensor& source) const;
  /// Writes `value` into every element of this view.
  void fill(double value) const;

  /// The elements on the host, row-major. Throws `TypeError` if `Element` is not the dtype.
  template <typename Element>
  std::vector<Element> to_vector() const {
    check_dtype(dtype_of<Element>);
    std::vector<Element> elements(static_cast<std::size_t>(numel()));
    if constexpr (std::is_same_v<Element, bool>) {
      const Tensor host = to(cpu()).contiguous();
      for (std::size_t i = 0; i < elements.size(); ++i) elements[i] = host.data<bool>()[i];
    } else if (!elements.empty()) {
      borrow(std::span<Element>(elements), shape()).copy_from(*this);
    }
    return elements;
  }
  /// The only element of a tensor of one element, as a double.
  double item() const;

 private:
  static Tensor from_host(const void* elements, std::size_t count, DType dtype, const Shape& shape, Device device);
  static Tensor borrow_host(void* elements, std::size_t count, DType dtype, const Shape& shape);
  void check_dtype(DType asked) const;
  [[nodiscard]] Tensor view(const Shape& shape, const Strides& strides, std::int64_t offset) const;

  std::shared_ptr<Storage> storage_;
  void* data_ = nullptr;
  Shape shape_;
  Strides strides_;
  DType dtype_ = DType::f32;
};

/// The name of a tensor in error messages: "f32(2, 3) on cpu".
std::string describe(const Tensor& tensor);

/// Shape, dtype, device and elements, in nested brackets as NumPy prints them; long axes are shortened to their ends.
std::string to_string(const Tensor& tensor);

}  // namespace rondo
