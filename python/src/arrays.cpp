#include "arrays.h"

#include <nanobind/stl/string.h>

#include <algorithm>
#include <array>
#include <memory>
#include <span>
#include <string>

#include "capsules.h"
#include "names.h"
#include "rondo/vocabulary/error.h"

namespace rondo::python {
namespace {

std::string class_name(nb::handle object) { return nb::cast<std::string>(object.type().attr("__name__")); }

/// Owns a view by the buffer protocol. It is released with the interpreter's lock, in whatever thread that happens.
class Buffer {
 public:
  explicit Buffer(nb::handle object) : taken_(PyObject_GetBuffer(object.ptr(), &view_, PyBUF_FULL_RO) == 0) {
    if (!taken_) PyErr_Clear();
  }
  ~Buffer() {
    if (!taken_ || !nb::is_alive()) return;
    const nb::gil_scoped_acquire lock;
    PyBuffer_Release(&view_);
  }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;

  /// Whether the object has described its elements.
  bool taken() const { return taken_; }
  const Py_buffer& view() const { return view_; }

 private:
  Py_buffer view_{};
  bool taken_;
};

/// The dtype of a format of Python's struct module, such as "<f".
DType dtype_of_format(const Py_buffer& view, const char* argument) {
  std::string format = view.format == nullptr ? "B" : view.format;
  const std::string came = "elements of the format \"" + format + "\"";
  if (format[0] == '>' || format[0] == '!') {
    throw ValueError(argument, came + ", which are big-endian", "elements in the byte order of this machine");
  }
  if (format[0] == '<' || format[0] == '=' || format[0] == '@') format.erase(0, 1);
  if (format == "d") return DType::f64;
  if (format == "f") return DType::f32;
  if (format == "e") return DType::f16;
  if (format == "?") return DType::boolean;
  if (format == "B") return DType::u8;
  const bool is_integer = format == "i" || format == "l" || format == "q";
  if (is_integer && view.itemsize == 4) return DType::i32;
  if (is_integer && view.itemsize == 8) return DType::i64;
  throw ValueError(argument, came, "float64, float32, float16, bfloat16, int32, int64, bool or uint8");
}

/// JAX's bfloat16, for one, has no format of the buffer protocol, but DLPack describes it.
Array without_buffer(nb::handle object, const char* argument) {
  if (nb::hasattr(object, "__dlpack__")) return from_exporter(object, argument);
  throw ValueError(argument, "a " + class_name(object) + " whose elements Python's buffer protocol cannot describe",
                   "an array of floats, integers or booleans");
}

Array from_buffer(nb::handle object, const char* argument) {
  auto buffer = std::make_shared<Buffer>(object);
  if (!buffer->taken()) return without_buffer(object, argument);
  const Py_buffer& view = buffer->view();
  const DType dtype = dtype_of_format(view, argument);
  if (view.ndim > kMaxRank) {
    throw ValueError(argument, "an array of " + std::to_string(view.ndim) + " axes", "at most 8");
  }
  const auto axes = static_cast<std::size_t>(view.ndim);
  std::array<std::int64_t, kMaxRank> sizes{};
  std::array<std::int64_t, kMaxRank> strides{};
  const auto item = static_cast<std::int64_t>(size_of(dtype));
  std::int64_t first = 0;  // elements from the lowest address of the view to its first element
  std::int64_t last = 0;
  for (std::size_t axis = 0; axis < axes; ++axis) {
    sizes[axis] = view.shape[axis];
    if (view.strides[axis] % item != 0) {
      throw ValueError(argument, "a stride of " + std::to_string(view.strides[axis]) + " bytes",
                       "a multiple of the size of an element, " + std::to_string(item));
    }
    strides[axis] = view.strides[axis] / item;
    const std::int64_t reach = strides[axis] * std::max<std::int64_t>(sizes[axis] - 1, 0);
    (reach < 0 ? first : last) += reach < 0 ? -reach : reach;
  }
  auto* lowest = static_cast<std::byte*>(view.buf) - first * item;
  const auto bytes = static_cast<std::size_t>((first + last + 1) * item);
  auto storage = std::make_shared<Storage>(lowest, bytes, cpu(), [buffer] {});
  const Tensor tensor(std::move(storage), dtype, Shape(std::span(sizes.data(), axes)),
                      Strides(std::span(strides.data(), axes)), first);
  return {view.readonly != 0 ? read_only(tensor) : tensor};
}

/// How a storage says that it must not be written to: its shared_ptr has this deleter.
struct ReadOnlyDeleter {
  void operator()(Storage* storage) const { delete storage; }
};

/// A view by another storage of the same memory, which owns the storage of `tensor`.
template <typename Deleter>
Tensor over_same_memory(const Tensor& tensor, Deleter deleter) {
  const std::shared_ptr<Storage>& owner = tensor.storage();
  std::shared_ptr<Storage> storage(new Storage(owner->data(), owner->bytes(), owner->device(), [owner] {}), deleter);
  const auto offset = (static_cast<std::byte*>(tensor.data()) - static_cast<std::byte*>(owner->data())) /
                      static_cast<std::ptrdiff_t>(size_of(tensor.dtype()));
  return {std::move(storage), tensor.dtype(), tensor.shape(), tensor.strides(), offset};
}

/// The tensor in a rondo.Tensor; null where `object` is another thing. Tensor.__new__ makes objects without a tensor.
const Array* array_in(nb::handle object, const char* argument) {
  if (!nb::isinstance<Array>(object)) return nullptr;
  if (!nb::inst_ready(object)) throw TypeError(argument, "a rondo.Tensor that was never made", "a rondo.Tensor");
  return nb::inst_ptr<Array>(object);
}

const Array& required_array_in(nb::handle object, const char* argument) {
  const Array* array = array_in(object, argument);
  if (array == nullptr) throw TypeError(argument, "a " + class_name(object), "a rondo.Tensor");
  return *array;
}

}  // namespace

Array import_array(nb::handle object, const char* argument, Access access) {
  Array array;
  if (const Array* own = array_in(object, argument)) {
    array = *own;
  } else if (PyType_Check(object.ptr())) {
    throw TypeError(argument, "a class, " + nb::cast<std::string>(object.attr("__name__")), "an array");
  } else if (PyObject_CheckBuffer(object.ptr()) != 0 && !PyBytes_Check(object.ptr())) {
    array = from_buffer(object, argument);
  } else if (nb::hasattr(object, "__dlpack__")) {
    array = from_exporter(object, argument);
  } else {
    throw TypeError(argument, "a " + class_name(object), "an array: of NumPy, PyTorch, JAX, CuPy, or with __dlpack__");
  }
  if (access == Access::write) check_writable(array.tensor, argument);
  return array;
}

Tensor read_only(const Tensor& tensor) {
  return is_read_only(tensor) ? tensor : over_same_memory(tensor, ReadOnlyDeleter{});
}

Tensor unprotected(const Tensor& tensor) {
  return is_read_only(tensor) ? over_same_memory(tensor, std::default_delete<Storage>()) : tensor;
}

bool is_read_only(const Tensor& tensor) { return std::get_deleter<ReadOnlyDeleter>(tensor.storage()) != nullptr; }

void check_writable(const Tensor& tensor, const char* argument) {
  if (!is_read_only(tensor)) return;
  throw ValueError(argument, describe(tensor) + ", which is read-only", "an array that may be written to");
}

const Tensor& tensor_of(nb::handle object, const char* argument) { return required_array_in(object, argument).tensor; }

const Tensor& output_of(nb::handle object, const char* argument) {
  const Tensor& tensor = tensor_of(object, argument);
  check_writable(tensor, argument);
  return tensor;
}

}  // namespace rondo::python
