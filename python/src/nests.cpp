#include "nests.h"

#include <nanobind/stl/string.h>

#include <string>
#include <utility>

#include "rondo/vocabulary/error.h"

namespace rondo::python {
namespace {

nb::sequence sequence_from(nb::handle object, const char* argument) {
  if (nb::isinstance<nb::list>(object) || nb::isinstance<nb::tuple>(object)) return nb::borrow<nb::sequence>(object);
  throw TypeError(argument, "a " + nb::cast<std::string>(object.type().attr("__name__")), "a list or a tuple");
}

/// Throws RecursionError for a list that holds itself, and for any tree that is too deep for the stack.
class Recursion {
 public:
  Recursion() {
    if (Py_EnterRecursiveCall(" in a tree of tensors") != 0) nb::raise_python_error();
  }
  ~Recursion() { Py_LeaveRecursiveCall(); }
  Recursion(const Recursion&) = delete;
  Recursion& operator=(const Recursion&) = delete;
};

}  // namespace

Nest nest_from(nb::handle object, const char* argument) {
  if (nb::isinstance<Array>(object)) return tensor_of(object, argument);
  const Recursion recursion;
  if (nb::isinstance<nb::dict>(object)) {
    std::vector<std::pair<std::string, Nest>> fields;
    for (const auto& [name, child] : nb::borrow<nb::dict>(object)) {
      fields.emplace_back(nb::cast<std::string>(nb::str(name)), nest_from(child, argument));
    }
    return Nest::named(std::move(fields));
  }
  if (nb::isinstance<nb::list>(object)) return Nest::list(nests_from(object, argument));
  if (nb::isinstance<nb::tuple>(object)) return Nest::tuple(nests_from(object, argument));
  return tensor_of(object, argument);  // throws: it is none
}

nb::object to_python(const Nest& nest) {
  if (nest.is_leaf()) return to_python(nest.leaf());
  if (nest.kind() == Nest::Kind::named) {
    nb::dict fields;
    for (std::size_t k = 0; k < nest.names().size(); ++k) fields[nest.names()[k].c_str()] = to_python(nest.children()[k]);
    return fields;
  }
  nb::list children = to_python(nest.children());
  if (nest.kind() == Nest::Kind::list) return children;
  return nb::tuple(children);
}

std::vector<Nest> nests_from(nb::handle object, const char* argument) {
  std::vector<Nest> nests;
  if (object.is_none()) return nests;
  for (const nb::handle child : sequence_from(object, argument)) nests.push_back(nest_from(child, argument));
  return nests;
}

nb::list to_python(const std::vector<Nest>& nests) {
  nb::list children;
  for (const Nest& nest : nests) children.append(to_python(nest));
  return children;
}

nb::object to_python(const Tensor& tensor) {
  if (!tensor.defined()) return nb::none();
  return nb::cast(Array{.tensor = tensor});
}

nb::list to_python(const std::vector<Tensor>& tensors) {
  nb::list children;
  for (const Tensor& tensor : tensors) children.append(to_python(tensor));
  return children;
}

nb::object to_python(const std::optional<Tensor>& tensor) { return tensor ? to_python(*tensor) : nb::none(); }

std::optional<Tensor> optional_tensor(nb::handle object, const char* argument) {
  if (object.is_none()) return std::nullopt;
  return tensor_of(object, argument);
}

std::vector<Tensor> tensors_from(nb::handle object, const char* argument) {
  std::vector<Tensor> tensors;
  if (object.is_none()) return tensors;
  for (const nb::handle child : sequence_from(object, argument)) tensors.push_back(tensor_of(child, argument));
  return tensors;
}

}  // namespace rondo::python
