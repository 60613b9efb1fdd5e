/// keras.backend.rnn with a step function of Python's.
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/variant.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "binding.h"
#include "functions.h"
#include "nests.h"
#include "rondo/keras/rnn.h"
#include "rondo/keras/rnn_gradients.h"
#include "rondo/vocabulary/error.h"

namespace rondo::python {
namespace {

using namespace nb::literals;

StepPullback step_pullback_from(nb::object function) {
  return [pullback = Function(std::move(function))](const Nest& d_output, const States& d_states) -> StepGradients {
    const nb::gil_scoped_acquire lock;
    const nb::tuple result = pullback(3, "a pullback that returns (d_inputs, d_states, d_constants)",
                                      to_python(d_output), to_python(d_states));
    return {.inputs = gradient_from(result[0], "d_inputs"),
            .states = gradients_from(result[1], "d_states"),
            .constants = gradients_from(result[2], "d_constants")};
  };
}

DifferentiableStep differentiable_step_from(nb::object function) {
  return [step = Function(std::move(function))](const Nest& inputs, const States& states,
                                                const Constants& constants) -> StepWithPullback {
    const nb::gil_scoped_acquire lock;
    const nb::tuple result =
        step(3, "a tuple (output, new_states, pullback)", to_python(inputs), to_python(states), to_python(constants));
    return {nest_from(result[0], "step_function's output"), nests_from(result[1], "step_function's states"),
            step_pullback_from(nb::borrow(result[2]))};
  };
}

nb::tuple results_of(const RnnResult& result) {
  return nb::make_tuple(to_python(result.last_output), to_python(result.outputs), to_python(result.new_states));
}

nb::object pullback_of(RnnPullback pullback) {
  return nb::cpp_function(
      [pullback = std::move(pullback)](nb::handle d_last_output, nb::handle d_outputs, nb::handle d_states) {
        const RnnResultGradients given{.last_output = gradient_from(d_last_output, "d_last_output"),
                                       .outputs = gradient_from(d_outputs, "d_outputs"),
                                       .new_states = gradients_from(d_states, "d_states")};
        RnnGradients gradients;
        {
          const nb::gil_scoped_release unlocked;
          gradients = pullback(given);
        }
        nb::dict result;
        result["inputs"] = to_python(gradients.inputs);
        result["initial_states"] = to_python(gradients.initial_states);
        result["reset_state"] = to_python(gradients.reset_state);
        result["constants"] = to_python(gradients.constants);
        return result;
      },
      "d_last_output"_a = nb::none(), "d_outputs"_a = nb::none(), "d_states"_a = nb::none());
}

/// (last_output, outputs, new_states), and with `gradients` the pullback behind them.
nb::tuple run_steps(nb::object step, nb::handle inputs, nb::handle initial_states, bool go_backwards, nb::handle mask,
                    nb::handle constants, nb::handle input_length, nb::handle resets, nb::handle reset_state,
                    bool time_major, bool zero_output_for_mask, bool return_all_outputs, bool gradients) {
  const Nest x = nest_from(inputs, "inputs");
  const States states = nests_from(initial_states, "initial_states");
  RnnOptions options{.go_backwards = go_backwards,
                     .mask = optional_tensor(mask, "mask"),
                     .constants = nests_from(constants, "constants"),
                     .resets = optional_tensor(resets, "resets"),
                     .reset_state = nests_from(reset_state, "reset_state"),
                     .time_major = time_major,
                     .zero_output_for_mask = zero_output_for_mask,
                     .return_all_outputs = return_all_outputs};
  if (nb::isinstance<nb::int_>(input_length)) {
    options.input_length = nb::cast<std::int64_t>(input_length);
  } else if (!input_length.is_none()) {
    options.input_length = tensor_of(input_length, "input_length");
  }
  if (!gradients) {
    const StepFunction function = step_from(std::move(step));
    RnnResult result;
    {
      const nb::gil_scoped_release unlocked;
      result = rnn(function, x, states, options);
    }
    return results_of(result);
  }
  const DifferentiableStep function = differentiable_step_from(std::move(step));
  RnnWithPullback run;
  {
    const nb::gil_scoped_release unlocked;
    run = rnn_with_pullback(function, x, states, options);
  }
  return nb::borrow<nb::tuple>(results_of(run.result) + nb::make_tuple(pullback_of(std::move(run.pullback))));
}

}  // namespace

StepFunction step_from(nb::object function) {
  return [step = Function(std::move(function))](const Nest& inputs, const States& states,
                                                const Constants& constants) -> StepResult {
    const nb::gil_scoped_acquire lock;
    const nb::tuple result =
        step(2, "a tuple (output, new_states)", to_python(inputs), to_python(states), to_python(constants));
    return {nest_from(result[0], "step_function's output"), nests_from(result[1], "step_function's states")};
  };
}

void bind_step_loop(nb::module_& module) {
  module.def("rnn", &run_steps, "step_function"_a, "inputs"_a, "initial_states"_a, nb::kw_only(),
             "go_backwards"_a = false, "mask"_a = nb::none(), "constants"_a = nb::none(), "input_length"_a = nb::none(),
             "resets"_a = nb::none(), "reset_state"_a = nb::none(), "time_major"_a = false,
             "zero_output_for_mask"_a = false, "return_all_outputs"_a = true, "gradients"_a = false,
             "Runs step_function(inputs, states, constants) -> (output, new_states) over time: (last_output, outputs, "
             "new_states). With gradients, the step returns its pullback as well, and so does rnn.");
}

}  // namespace rondo::python
