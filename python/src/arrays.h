/// Arrays of Python as tensors and back, without a copy.
#pragma once

#include <nanobind/nanobind.h>

#include "rondo/tensor/tensor.h"

namespace rondo::python {

namespace nb = nanobind;

/// A view of the same memory that must not be written to. The storage says so, and with it every view that the library
/// makes of the tensor, wherever Python meets one again: in a step function, a pullback or a result.
Tensor read_only(const Tensor& tensor);
/// The reverse of read_only, for a receiver that never writes.
Tensor unprotected(const Tensor& tensor);
/// Whether the tensor views memory that must not be written to.
bool is_read_only(const Tensor& tensor);
/// Throws `ValueError`, naming `argument`, for a tensor that is_read_only.
void check_writable(const Tensor& tensor, const char* argument);

/// The class rondo.Tensor.
struct Array {
  Tensor tensor;
};

/// What a function does with an array.
enum class Access { read, write };

/// A view of `object`: a rondo.Tensor, an object with Python's buffer protocol (NumPy) or one with __dlpack__. On a
/// CUDA device the thread's current stream waits for the work that the owner of the array has queued. Throws, naming
/// `argument`, `TypeError` for an object that is no array, and `ValueError` for elements that Rondo does not have,
/// another byte order, strides between elements, and, with Access::write, memory that must not be written to.
Array import_array(nb::handle object, const char* argument, Access access = Access::read);

/// As import_array, of an argument that is a tensor already: most functions take what rondo/_arrays.py has converted.
const Tensor& tensor_of(nb::handle object, const char* argument);
/// As tensor_of, for memory that is written.
const Tensor& output_of(nb::handle object, const char* argument);

}  // namespace rondo::python
