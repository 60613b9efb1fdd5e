#include "capsules.h"

#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>

#include <optional>
#include <string>

#include "rondo/tensor/dlpack.h"
#include "rondo/tensor/stream.h"
#include "rondo/vocabulary/error.h"

namespace rondo::python {
namespace {

using dlpack::DLManagedTensor;
using dlpack::DLManagedTensorVersioned;

constexpr const char* kLegacy = "dltensor";
constexpr const char* kLegacyUsed = "used_dltensor";
constexpr const char* kVersioned = "dltensor_versioned";
constexpr const char* kVersionedUsed = "used_dltensor_versioned";
constexpr int kCudaDevice = 2;  // kDLCUDA

/// CUDA's default stream is number 1 to Python's array API, which gives 0 no meaning.
std::intptr_t stream_number(Stream stream) {
  return stream.native == nullptr ? 1 : reinterpret_cast<std::intptr_t>(stream.native);
}

/// The capsule of `object`, whose owner makes the current stream wait for its own work.
nb::object capsule_of(nb::handle object, const char* argument) {
  try {
    const auto [type, index] = nb::cast<std::pair<int, int>>(object.attr("__dlpack_device__")());
    nb::dict options;
    if (type == kCudaDevice) options["stream"] = stream_number(current_stream(cuda(index)));
    nb::dict versioned = nb::cast<nb::dict>(options.attr("copy")());
    versioned["max_version"] = nb::make_tuple(dlpack::kVersion.major, dlpack::kVersion.minor);
    const nb::object function = object.attr("__dlpack__");
    try {
      return function(**versioned);
    } catch (nb::python_error& error) {
      if (!error.matches(PyExc_TypeError)) throw;  // a library from before DLPack 1.0 does not know max_version
    }
    return function(**options);
  } catch (nb::python_error& error) {
    // PyTorch: "Can't export tensors that require gradient", and the like of other libraries.
    const std::string reason = nb::cast<std::string>(nb::str(error.value()));
    throw ValueError(argument, "an array that its library does not export: " + reason,
                     "an array that DLPack can export");
  }
}

/// What a capsule holds under `name`, and marks it as taken.
template <typename Managed>
Managed* take(nb::handle capsule, const char* name, const char* used) {
  auto* managed = static_cast<Managed*>(PyCapsule_GetPointer(capsule.ptr(), name));
  if (managed == nullptr) nb::raise_python_error();
  PyCapsule_SetName(capsule.ptr(), used);
  return managed;
}

/// Frees what a capsule holds that nobody has taken.
template <typename Managed>
void drop(PyObject* capsule, const char* name) {
  if (PyCapsule_IsValid(capsule, name) == 0) return;
  auto* managed = static_cast<Managed*>(PyCapsule_GetPointer(capsule, name));
  if (managed->deleter != nullptr) managed->deleter(managed);
}

}  // namespace

Array from_capsule(nb::handle capsule, const char* argument) {
  if (PyCapsule_IsValid(capsule.ptr(), kVersioned) != 0) {
    auto* managed = take<DLManagedTensorVersioned>(capsule, kVersioned, kVersionedUsed);
    const bool must_not_write = (managed->flags & dlpack::kReadOnlyFlag) != 0;
    const Tensor tensor = from_dlpack(managed);
    return {must_not_write ? read_only(tensor) : tensor};
  }
  if (PyCapsule_IsValid(capsule.ptr(), kLegacy) != 0) {
    return {from_dlpack(take<DLManagedTensor>(capsule, kLegacy, kLegacyUsed))};
  }
  throw TypeError(argument, "something that is no unused capsule of DLPack", "a capsule that nobody has used");
}

Array from_exporter(nb::handle object, const char* argument) {
  return from_capsule(capsule_of(object, argument), argument);
}

nb::object to_capsule(const Array& array, const ExportRequest& request) {
  for (const std::int64_t stride : array.tensor.strides()) {
    if (stride >= 0) continue;
    // PyTorch ends the process, and JAX refuses. NumPy's asarray takes such a tensor.
    PyErr_SetString(PyExc_BufferError, "a rondo.Tensor with a negative stride cannot be exported by DLPack");
    nb::raise_python_error();
  }
  std::optional<Stream> consumer;
  const Device device = array.tensor.device();
  if (device.type == DeviceType::cuda) {
    const std::intptr_t number = request.stream.is_none() ? 1 : nb::cast<std::intptr_t>(request.stream);
    if (number != -1) {
      // 1 and 2 are CUDA's own handles of the legacy and of the per-thread default stream.
      consumer = Stream{.device = device, .native = number == 1 ? nullptr : reinterpret_cast<void*>(number)};
    }
  }
  if (!request.max_version.is_none() && nb::cast<int>(request.max_version[0]) >= 1) {
    DLManagedTensorVersioned* managed = to_dlpack(array.tensor, consumer);
    if (is_read_only(array.tensor)) managed->flags |= dlpack::kReadOnlyFlag;
    return nb::steal(PyCapsule_New(managed, kVersioned,
                                   [](PyObject* capsule) { drop<DLManagedTensorVersioned>(capsule, kVersioned); }));
  }
  if (is_read_only(array.tensor)) {
    PyErr_SetString(PyExc_BufferError, "a read-only rondo.Tensor needs a receiver that knows DLPack 1.0");
    nb::raise_python_error();
  }
  return nb::steal(PyCapsule_New(to_dlpack_legacy(array.tensor, consumer), kLegacy,
                                 [](PyObject* capsule) { drop<DLManagedTensor>(capsule, kLegacy); }));
}

}  // namespace rondo::python
