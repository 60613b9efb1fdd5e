/// The class rondo.Tensor.
#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <string>
#include <vector>

#include "arrays.h"
#include "binding.h"
#include "capsules.h"
#include "names.h"
#include "rondo/vocabulary/error.h"

namespace rondo::python {
namespace {

using namespace nb::literals;

nb::tuple tuple_of(const Shape& shape) {
  nb::list sizes;
  for (const std::int64_t size : shape) sizes.append(size);
  return nb::tuple(sizes);
}

/// NumPy's name of an element's layout; NumPy has no bfloat16 of its own, so that is two bytes to it.
std::string type_string(DType dtype) {
  switch (dtype) {
    case DType::f64: return "<f8";
    case DType::f32: return "<f4";
    case DType::f16: return "<f2";
    case DType::bf16: return "<u2";
    case DType::i32: return "<i4";
    case DType::i64: return "<i8";
    case DType::boolean: return "|b1";
    case DType::u8: return "|u1";
  }
  return "|u1";
}

nb::dict array_interface(const Array& array) {
  const Tensor& tensor = array.tensor;
  if (tensor.device().type != DeviceType::cpu) {
    throw AttributeError("__array_interface__", describe(tensor), "a tensor on the CPU; Tensor.to(\"cpu\") copies it");
  }
  const auto item = static_cast<std::int64_t>(size_of(tensor.dtype()));
  nb::list strides;
  for (const std::int64_t stride : tensor.strides()) strides.append(stride * item);
  nb::dict interface;
  interface["version"] = 3;
  interface["shape"] = tuple_of(tensor.shape());
  interface["strides"] = nb::tuple(strides);
  interface["typestr"] = type_string(tensor.dtype());
  interface["data"] = nb::make_tuple(reinterpret_cast<std::uintptr_t>(tensor.data()), is_read_only(array.tensor));
  return interface;
}

std::pair<int, int> dlpack_device(const Array& array) {
  const Device device = array.tensor.device();
  return device.type == DeviceType::cuda ? std::pair(2, device.index) : std::pair(1, 0);
}

nb::object dlpack_capsule(const Array& array, const nb::object& stream, const nb::object& max_version,
                          const nb::object& device, const nb::object& copy) {
  if (!device.is_none() && nb::cast<std::pair<int, int>>(device) != dlpack_device(array)) {
    PyErr_SetString(PyExc_BufferError, "rondo.Tensor.__dlpack__ does not move a tensor to another device");
    nb::raise_python_error();
  }
  const bool copies = !copy.is_none() && nb::cast<bool>(copy);
  const ExportRequest request{.stream = stream, .max_version = max_version};
  return to_capsule(copies ? Array{.tensor = array.tensor.clone()} : array, request);
}

/// The memory of a tensor of another dtype of the same size: how NumPy's bfloat16, from ml_dtypes, is taken.
Array viewed_as(const Array& array, const std::string& name) {
  const DType dtype = dtype_from(name, "dtype");
  const Tensor& tensor = array.tensor;
  if (size_of(dtype) != size_of(tensor.dtype())) {
    throw ValueError("dtype", name, "a dtype of the size of " + numpy_name(tensor.dtype()));
  }
  const auto offset = (static_cast<std::byte*>(tensor.data()) - static_cast<std::byte*>(tensor.storage()->data())) /
                      static_cast<std::ptrdiff_t>(size_of(dtype));
  return {Tensor(tensor.storage(), dtype, tensor.shape(), tensor.strides(), offset)};
}

Array converted(const Array& array, const std::optional<std::string>& dtype, const std::optional<std::string>& device) {
  Array result = array;
  if (dtype) result.tensor = result.tensor.to(dtype_from(*dtype, "dtype"));
  if (device) result.tensor = result.tensor.to(device_from(*device, "device"));
  return result;
}

Shape shape_from(const std::vector<std::int64_t>& sizes) { return Shape(std::span<const std::int64_t>(sizes)); }

}  // namespace

void bind_tensors(nb::module_& module) {
  nb::class_<Array>(
      module, "Tensor",
      "An array of Rondo's. NumPy, PyTorch, JAX and CuPy view its memory by DLPack, NumPy also by asarray.")
      .def_prop_ro("shape", [](const Array& array) { return tuple_of(array.tensor.shape()); })
      .def_prop_ro(
          "strides", [](const Array& array) { return tuple_of(array.tensor.strides()); },
          "Distances between neighbours of each axis, in elements.")
      .def_prop_ro("ndim", [](const Array& array) { return array.tensor.rank(); })
      .def_prop_ro(
          "dtype", [](const Array& array) { return numpy_name(array.tensor.dtype()); }, "NumPy's name of it.")
      .def_prop_ro("device", [](const Array& array) { return to_string(array.tensor.device()); })
      .def_prop_ro("read_only", [](const Array& array) { return is_read_only(array.tensor); })
      .def_prop_ro("address", [](const Array& array) { return reinterpret_cast<std::uintptr_t>(array.tensor.data()); })
      .def("to", &converted, "dtype"_a = nb::none(), "device"_a = nb::none(),
           "A copy of another dtype or on another device; this memory where nothing changes.")
      .def("viewed_as", &viewed_as, "dtype"_a, "The same bytes as elements of another dtype of the same size.")
      .def(
          "as_read_only", [](const Array& array) { return Array{read_only(array.tensor)}; },
          "This memory, which must not be written to by this view.")
      .def("contiguous", [](const Array& array) { return Array{array.tensor.contiguous()}; })
      .def(
          "copy", [](const Array& array) { return Array{array.tensor.clone()}; },
          nb::call_guard<nb::gil_scoped_release>(), "A row-major copy with memory of its own.")
      .def(
          "swap_axes",
          [](const Array& array, int first, int second) { return Array{array.tensor.swap_axes(first, second)}; },
          "first"_a, "second"_a)
      .def(
          "copy_from",
          [](const Array& array, const Array& source) {
            check_writable(array.tensor, "self");
            array.tensor.copy_from(source.tensor);
          },
          "source"_a, nb::call_guard<nb::gil_scoped_release>())
      .def_prop_ro("__array_interface__", &array_interface)
      .def("__dlpack__", &dlpack_capsule, nb::kw_only(), "stream"_a = nb::none(), "max_version"_a = nb::none(),
           "dl_device"_a = nb::none(), "copy"_a = nb::none())
      .def("__dlpack_device__", &dlpack_device)
      .def("__repr__", [](const Array& array) { return "rondo.Tensor " + describe(array.tensor); });

  module.def(
      "import_array",
      [](nb::handle object, const char* argument, bool writable) {
        return import_array(object, argument, writable ? Access::write : Access::read);
      },
      "array"_a.none(), "argument"_a = "array", "writable"_a = false, "A view of an array, without a copy.");
  module.def("import_capsule", &from_capsule, "capsule"_a.none(), "argument"_a = "capsule",
             "A view of what a capsule of DLPack holds, for libraries whose tensors the caller knows.");
  module.def(
      "unprotected", [](const Array& array) { return Array{unprotected(array.tensor)}; }, "array"_a,
      "This memory without the mark that it is read-only, for a library that never writes to arrays, as JAX.");
  module.def(
      "empty",
      [](const std::vector<std::int64_t>& shape, const std::string& dtype, const std::string& device) {
        return Array{.tensor =
                         Tensor::empty(shape_from(shape), dtype_from(dtype, "dtype"), device_from(device, "device"))};
      },
      "shape"_a, "dtype"_a = "float32", "device"_a = "cpu", "A new tensor, whose elements have no value yet.");
  module.def(
      "zeros",
      [](const std::vector<std::int64_t>& shape, const std::string& dtype, const std::string& device) {
        return Array{.tensor =
                         Tensor::zeros(shape_from(shape), dtype_from(dtype, "dtype"), device_from(device, "device"))};
      },
      "shape"_a, "dtype"_a = "float32", "device"_a = "cpu");
}

}  // namespace rondo::python
