/// Rondo's exceptions as Python's: those that have a name of Python's become that class.
#include "binding.h"
#include "rondo/vocabulary/error.h"

namespace rondo::python {
namespace {

/// The exception class rondo.DeviceError; it lives as long as the module.
PyObject* device_error = nullptr;

void translate(const std::exception_ptr& thrown, void*) {
  try {
    std::rethrow_exception(thrown);
  } catch (const ValueError& error) {
    PyErr_SetString(PyExc_ValueError, error.what());
  } catch (const TypeError& error) {
    PyErr_SetString(PyExc_TypeError, error.what());
  } catch (const AttributeError& error) {
    PyErr_SetString(PyExc_AttributeError, error.what());
  } catch (const OutOfMemory& error) {
    PyErr_SetString(PyExc_MemoryError, error.what());
  } catch (const DeviceError& error) {
    PyErr_SetString(device_error, error.what());
  } catch (const Error& error) {
    PyErr_SetString(PyExc_RuntimeError, error.what());
  }
}

}  // namespace

void bind_errors(nb::module_& module) {
  device_error = PyErr_NewExceptionWithDoc("rondo.DeviceError", "A CUDA device, or one of its libraries, failed.",
                                           PyExc_RuntimeError, nullptr);
  if (device_error == nullptr) nb::raise_python_error();
  module.attr("DeviceError") = nb::handle(device_error);
  nb::register_exception_translator(translate);
}

}  // namespace rondo::python
