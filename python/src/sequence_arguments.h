/// What a layer's call and the tensors of a session are given beside the inputs, under the same names.
#pragma once

#include <nanobind/nanobind.h>

#include <utility>

namespace rondo::python {

namespace nb = nanobind;

/// Arguments of Python's, None where one is absent: see CallOptions and SessionTensors.
struct SequenceArguments {
  nb::handle mask;
  nb::handle lengths;
  nb::handle resets;
  nb::handle reset_state;
  nb::handle initial_state;
  nb::handle batch_sizes;
  nb::handle row_indices;
};

/// Defines a method whose first argument, `inputs`, is followed by SequenceArguments and by arguments of its own, which
/// `others` describes, all by keyword alone. `Own` are the types of those.
template <typename Self, typename... Own>
struct SequenceMethod {
  template <typename Class, typename Argument, typename Result, typename... Others>
  static void define(Class& bound, const char* name, const Argument& inputs,
                     Result (*function)(Self, nb::handle, const SequenceArguments&, Own...), const Others&... others) {
    const auto none = [](const char* argument) { return nb::arg(argument) = nb::none(); };
    bound.def(
        name,
        [function](Self self, nb::handle x, nb::handle mask, nb::handle lengths, nb::handle resets,
                   nb::handle reset_state, nb::handle initial_state, nb::handle batch_sizes, nb::handle row_indices,
                   Own... own) {
          return function(self, x, {mask, lengths, resets, reset_state, initial_state, batch_sizes, row_indices},
                          std::forward<Own>(own)...);
        },
        inputs, nb::kw_only(), none("mask"), none("lengths"), none("resets"), none("reset_state"),
        none("initial_state"), none("batch_sizes"), none("row_indices"), others...);
  }
};

}  // namespace rondo::python
