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

/// The tree of an object, with what `leaf_of` makes of what is no tuple, list or dict.
template <typename LeafOf>
Nest tree_from(nb::handle object, const LeafOf& leaf_of) {
  if (nb::isinstance<Array>(object)) return leaf_of(object);
  const Recursion recursion;
  if (nb::isinstance<nb::dict>(object)) {
    std::vector<std::pair<std::string, Nest>> fields;
    for (const auto& [name, child] : nb::borrow<nb::dict>(object)) {
      fields.emplace_back(nb::cast<std::string>(nb::str(name)), tree_from(child, leaf_of));
    }
    return Nest::named(std::move(fields));
  }
  const bool is_list = nb::isinstance<nb::list>(object);
  if (!is_list && !nb::isinstance<nb::tuple>(object)) return leaf_of(object);
  std::vector<Nest> children;
  for (const nb::handle child : nb::borrow<nb::sequence>(object)) children.push_back(tree_from(child, leaf_of));
  return is_list ? Nest::list(std::move(children)) : Nest::tuple(std::move(children));
}

}  // namespace

Nest nest_from(nb::handle object, const char* argument) {
  return tree_from(object, [argument](nb::handle leaf) { return tensor_of(leaf, argument); });
}

Nest gradient_from(nb::handle object, const char* argument) {
  if (object.is_none()) return {};
  return tree_from(object,
                   [argument](nb::handle leaf) { return leaf.is_none() ? Tensor() : tensor_of(leaf, argument); });
}

nb::object to_python(const Nest& nest) {
  if (nest.is_leaf()) return to_python(nest.leaf());
  if (nest.kind() == Nest::Kind::named) {
    nb::dict fields;
    for (std::size_t k = 0; k < nest.names().size(); ++k)
      fields[nest.names()[k].c_str()] = to_python(nest.children()[k]);
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

std::vector<Nest> gradients_from(nb::handle object, const char* argument) {
  std::vector<Nest> gradients;
  if (object.is_none()) return gradients;
  for (const nb::handle child : sequence_from(object, argument)) gradients.push_back(gradient_from(child, argument));
  return gradients;
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

std::optional<Tensor> optional_output(nb::handle object, const char* argument) {
  if (object.is_none()) return std::nullopt;
  return output_of(object, argument);
}

std::vector<Tensor> outputs_from(nb::handle object, const char* argument) {
  std::vector<Tensor> tensors = tensors_from(object, argument);
  for (const Tensor& tensor : tensors) check_writable(tensor, argument);
  return tensors;
}

}  // namespace rondo::python
