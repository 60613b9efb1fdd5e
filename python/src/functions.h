/// Functions of Python's that Rondo calls.
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>

#include <memory>
#include <string>
#include <utility>

#include "rondo/keras/rnn.h"
#include "rondo/vocabulary/error.h"

namespace rondo::python {

namespace nb = nanobind;

/// A function of Python's, which is called, copied and destroyed in any thread.
class Function {
 public:
  /// `argument` names the function in messages.
  explicit Function(nb::object function, const char* argument = "step_function")
      : function_(new nb::object(std::move(function)),
                  [](nb::object* held) {
                    if (!nb::is_alive()) return;
                    const nb::gil_scoped_acquire lock;
                    delete held;
                  }),
        argument_(argument) {}

  /// Calls the function with the interpreter's lock held by the caller, and returns its result, a tuple of `parts`.
  template <typename... Arguments>
  nb::tuple operator()(std::size_t parts, const char* expected, Arguments&&... arguments) const {
    nb::object result = (*function_)(std::forward<Arguments>(arguments)...);
    if (nb::isinstance<nb::tuple>(result) && nb::len(result) == parts) return nb::borrow<nb::tuple>(result);
    throw TypeError(argument_, "a step that returned " + nb::cast<std::string>(nb::repr(result.type())), expected);
  }

 private:
  std::shared_ptr<nb::object> function_;
  const char* argument_;
};

/// A step of keras.backend.rnn: (inputs, states, constants) -> (output, new_states).
StepFunction step_from(nb::object function);

}  // namespace rondo::python
