/// Trees of tensors as Python's tuples, lists and dicts.
#pragma once

#include <optional>
#include <vector>

#include "arrays.h"
#include "rondo/keras/rnn.h"

namespace rondo::python {

/// A rondo.Tensor, or a tuple, list or dict of such trees. A dict's fields keep their order.
Nest nest_from(nb::handle object, const char* argument);
nb::object to_python(const Nest& nest);
/// As nest_from, of gradients: None stands for zeros, of the whole tree or of a leaf.
Nest gradient_from(nb::handle object, const char* argument);

/// A list or tuple of trees; None is empty.
std::vector<Nest> nests_from(nb::handle object, const char* argument);
nb::list to_python(const std::vector<Nest>& nests);
std::vector<Nest> gradients_from(nb::handle object, const char* argument);

nb::object to_python(const Tensor& tensor);
nb::list to_python(const std::vector<Tensor>& tensors);
/// None for a tensor that is absent.
nb::object to_python(const std::optional<Tensor>& tensor);

/// None is absent.
std::optional<Tensor> optional_tensor(nb::handle object, const char* argument);
/// A list or tuple of tensors; None is empty.
std::vector<Tensor> tensors_from(nb::handle object, const char* argument);
/// The same of memory that is written. Throws `ValueError` for memory that must not be.
std::optional<Tensor> optional_output(nb::handle object, const char* argument);
std::vector<Tensor> outputs_from(nb::handle object, const char* argument);

}  // namespace rondo::python
