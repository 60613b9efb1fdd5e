/// Session: a plan with its weights, run on tensors that the caller owns.
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>

#include <optional>
#include <vector>

#include "binding.h"
#include "cells.h"
#include "nests.h"
#include "rondo/plan/plan.h"
#include "rondo/vocabulary/error.h"
#include "sequence_arguments.h"

namespace rondo::python {
namespace {

using namespace nb::literals;

void make_session_tensors(SessionTensors* made, nb::handle x, const SequenceArguments& given, nb::handle y,
                          nb::handle last_output, nb::handle final_state, nb::handle reserve) {
  new (made) SessionTensors{.x = tensor_of(x, "x"),
                            .mask = optional_tensor(given.mask, "mask"),
                            .lengths = optional_tensor(given.lengths, "lengths"),
                            .resets = optional_tensor(given.resets, "resets"),
                            .reset_state = tensors_from(given.reset_state, "reset_state"),
                            .initial_state = tensors_from(given.initial_state, "initial_state"),
                            .y = optional_output(y, "y"),
                            .last_output = optional_output(last_output, "last_output"),
                            .final_state = outputs_from(final_state, "final_state"),
                            .batch_sizes = optional_tensor(given.batch_sizes, "batch_sizes"),
                            .row_indices = optional_tensor(given.row_indices, "row_indices"),
                            .reserve = optional_output(reserve, "reserve")};
}

/// SessionTensors, bound once and run many times.
void bind_session_tensors(nb::module_& module) {
  nb::class_<SessionTensors> tensors(module, "SessionTensors",
                                     "The tensors of a run, each a view (T, B, ...) of the caller's memory.");
  SequenceMethod<SessionTensors*, nb::handle, nb::handle, nb::handle, nb::handle>::define(
      tensors, "__init__", "x"_a.none(), &make_session_tensors, "y"_a = nb::none(), "last_output"_a = nb::none(),
      "final_state"_a = nb::none(), "reserve"_a = nb::none());
}

WeightGradients weight_gradients_from(const CellSpec& cell, nb::handle weights) {
  if (weights.is_none()) return {};
  const RecurrentWeights given = weights_from(cell, weights);
  outputs_from(weights, "weights");
  return {.kernel = given.kernel,
          .recurrent_kernel = given.recurrent_kernel,
          .bias = given.bias,
          .peepholes = given.peepholes,
          .projection = given.projection};
}

void bind_session_gradients(nb::module_& module) {
  nb::class_<SessionGradients>(module, "SessionGradients",
                               "The given gradients of a run's results, and the wanted ones.")
      .def(
          "__init__",
          [](SessionGradients* made, const CellSpec& cell, nb::handle y, nb::handle last_output, nb::handle final_state,
             nb::handle x, nb::handle initial_state, nb::handle reset_state, nb::handle weights,
             bool accumulate_weights) {
            new (made) SessionGradients{.y = optional_tensor(y, "y"),
                                        .last_output = optional_tensor(last_output, "last_output"),
                                        .final_state = tensors_from(final_state, "final_state"),
                                        .x = optional_output(x, "x"),
                                        .initial_state = outputs_from(initial_state, "initial_state"),
                                        .reset_state = outputs_from(reset_state, "reset_state"),
                                        .weights = weight_gradients_from(cell, weights),
                                        .accumulate_weights = accumulate_weights};
          },
          "cell"_a, nb::kw_only(), "y"_a = nb::none(), "last_output"_a = nb::none(), "final_state"_a = nb::none(),
          "x"_a = nb::none(), "initial_state"_a = nb::none(), "reset_state"_a = nb::none(), "weights"_a = nb::none(),
          "accumulate_weights"_a = false, "y, last_output and final_state are given; the others are written.");
}

}  // namespace

void bind_sessions(nb::module_& module) {
  bind_session_tensors(module);
  bind_session_gradients(module);
  nb::class_<Session>(module, "Session", "A plan with its weights and its workspace: `run` allocates nothing.")
      .def(
          "__init__",
          [](Session* made, const Plan& plan, nb::handle weights) {
            new (made) Session(plan, weights_from(plan.spec().cell, weights));
          },
          "plan"_a, "weights"_a.none(),
          "`weights` are in Keras's order: kernel, recurrent_kernel, bias, peepholes, projection.")
      .def("run", &Session::run, "tensors"_a, nb::call_guard<nb::gil_scoped_release>())
      .def("backward", &Session::backward, "run"_a, "gradients"_a, nb::call_guard<nb::gil_scoped_release>())
      .def("reload_weights", &Session::reload_weights, nb::call_guard<nb::gil_scoped_release>())
      .def(
          "finish",
          [](Session& session) {
            const nb::gil_scoped_release unlocked;
            return session.finish().stalled;
          },
          "Waits for the runs, and returns whether one has stalled.");
}

}  // namespace rondo::python
