/// Layers: the classes Layer and Bidirectional.
#include <nanobind/stl/optional.h>
#include <nanobind/stl/shared_ptr.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "binding.h"
#include "cell_classes.h"
#include "cells.h"
#include "nests.h"
#include "rondo/keras/any_recurrent_layer.h"
#include "rondo/keras/bidirectional.h"
#include "rondo/keras/layers.h"
#include "rondo/vocabulary/error.h"
#include "sequence_arguments.h"

namespace rondo::python {
namespace {

using namespace nb::literals;

/// Copies a string argument that may be None.
std::string text_or_empty(nb::handle object) {
  return object.is_none() ? std::string() : nb::cast<std::string>(object);
}

/// Layer.__call__ and Bidirectional.__call__: (output, states, pullback or None).
template <typename LayerType>
nb::tuple call_layer(LayerType& layer, nb::handle inputs, const SequenceArguments& given, bool training,
                     std::optional<std::uint64_t> dropout_call, bool gradients, bool swap_memory, nb::handle executor,
                     nb::handle backward_executor) {
  const Nest x = nest_from(inputs, "inputs");
  CallOptions call{.mask = optional_tensor(given.mask, "mask"),
                   .lengths = optional_tensor(given.lengths, "lengths"),
                   .resets = optional_tensor(given.resets, "resets"),
                   .reset_state = nests_from(given.reset_state, "reset_state"),
                   .batch_sizes = optional_tensor(given.batch_sizes, "batch_sizes"),
                   .row_indices = optional_tensor(given.row_indices, "row_indices"),
                   .initial_state = nests_from(given.initial_state, "initial_state"),
                   .training = training,
                   .dropout_call = dropout_call,
                   .gradients = gradients,
                   .swap_memory = swap_memory};
  call.plan.executor = text_or_empty(executor);
  call.plan.backward_executor = text_or_empty(backward_executor);
  LayerResult result;
  {
    const nb::gil_scoped_release unlocked;
    result = layer(x, call);
  }
  nb::object pullback = nb::none();
  if (result.pullback) pullback = nb::cast(std::move(result.pullback));
  return nb::make_tuple(to_python(result.output), to_python(result.states), pullback);
}

/// Defines what layers of one and of two directions have in common.
template <typename LayerType, typename Class>
void define_call(Class& layer) {
  using Call = SequenceMethod<LayerType&, bool, std::optional<std::uint64_t>, bool, bool, nb::handle, nb::handle>;
  Call::define(layer, "__call__", "inputs"_a, &call_layer<LayerType>, "training"_a = false,
               "dropout_call"_a = nb::none(), "gradients"_a = false, "swap_memory"_a = false, "executor"_a = nb::none(),
               "backward_executor"_a = nb::none(),
               "(output, states, pullback): the pullback is None without gradients.");
  layer
      .def("reload_weights", &LayerType::reload_weights, nb::call_guard<nb::gil_scoped_release>(),
           "Packs the weights again, whose elements have changed in place.")
      .def(
          "finish",
          [](const LayerType& called) {
            const nb::gil_scoped_release unlocked;
            return called.finish().stalled;
          },
          "Waits for all calls, and returns whether one of them has stalled.")
      .def(
          "reset_states", [](LayerType& called) { called.reset_states(); }, "Makes the stored states zeros.");
}

nb::list explain(const RNN& layer, std::int64_t T, std::int64_t B, bool masked, bool has_lengths, bool has_resets,
                 bool packed, bool gradients) {
  nb::list texts;
  const PlanRequest request{.B = B,
                            .T = T,
                            .masked = masked,
                            .has_lengths = has_lengths,
                            .has_resets = has_resets,
                            .packed = packed,
                            .gradients = gradients};
  for (const Plan& plan : layer.plans(request)) texts.append(nb::cast(plan.explain()));
  return texts;
}

nb::tuple step(const RNN& layer, nb::handle x, nb::handle states) {
  const Nest frame = nest_from(x, "x");
  States carried = nests_from(states, "states");
  for (const Nest& state : carried) state.visit([](const Tensor& leaf) { check_writable(leaf, "states"); });
  Nest output;
  {
    const nb::gil_scoped_release unlocked;
    output = layer.step(frame, carried);
  }
  return nb::make_tuple(to_python(output), to_python(carried));
}

void bind_layer(nb::module_& module) {
  auto layer = nb::class_<RNN>(module, "Layer", "Runs cells over time; several are a stack, bottom first.");
  layer
      .def(
          "__init__",
          [](RNN* made, std::vector<std::shared_ptr<Cell>> cells, bool return_sequences, bool return_state,
             bool go_backwards, bool stateful, bool unroll, bool time_major, bool zero_output_for_mask) {
            const RNNOptions options{.return_sequences = return_sequences,
                                     .return_state = return_state,
                                     .go_backwards = go_backwards,
                                     .stateful = stateful,
                                     .unroll = unroll,
                                     .time_major = time_major,
                                     .zero_output_for_mask = zero_output_for_mask};
            if (cells.size() == 1) {
              new (made) RNN(std::move(cells[0]), options);
            } else {
              new (made) RNN(std::move(cells), options);
            }
          },
          "cells"_a, nb::kw_only(), "return_sequences"_a = false, "return_state"_a = false, "go_backwards"_a = false,
          "stateful"_a = false, "unroll"_a = false, "time_major"_a = false, "zero_output_for_mask"_a = false)
      .def("step", &step, "x"_a, "states"_a = nb::none(),
           "One step (B, I): (output, states); tensors of `states` are written in place.")
      .def(
          "set_states", [](RNN& called, nb::handle states) { called.reset_states(nests_from(states, "states")); },
          "states"_a, "Stores copies of the states.")
      .def_prop_ro("states", [](const RNN& called) { return to_python(called.states()); })
      .def("explain", &explain, "T"_a, "B"_a, nb::kw_only(), "masked"_a = false, "has_lengths"_a = false,
           "has_resets"_a = false, "packed"_a = false, "gradients"_a = false,
           "For each cell, which executor runs it and why; empty where a cell runs step by step.");
  define_call<RNN>(layer);
}

MergeMode merge_mode_from(const std::optional<std::string>& name) {
  if (!name) return MergeMode::none;
  for (const MergeMode mode : {MergeMode::concat, MergeMode::sum, MergeMode::mul, MergeMode::ave}) {
    if (to_string(mode) == *name) return mode;
  }
  throw ValueError("merge_mode", "\"" + *name + "\"", "\"concat\", \"sum\", \"mul\", \"ave\" or None");
}

void bind_bidirectional(nb::module_& module) {
  auto both =
      nb::class_<Bidirectional>(module, "Bidirectional", "Two layers over the same inputs, in opposite directions.");
  both.def(
      "__init__",
      [](Bidirectional* made, const RNN& forward, const RNN& backward, const std::optional<std::string>& merge_mode) {
        new (made) Bidirectional(forward, backward, merge_mode_from(merge_mode));
      },
      "forward"_a, "backward"_a, "merge_mode"_a.none() = "concat");
  define_call<Bidirectional>(both);
}

void bind_any_layer(nb::module_& module) {
  auto layer = nb::class_<AnyRecurrentLayer>(module, "RecurrentLayer", "A recurrent layer of a file, of any class.");
  define_call<AnyRecurrentLayer>(layer);
}

}  // namespace

void bind_layers(nb::module_& module) {
  bind_cells(module);
  bind_pullbacks(module);
  bind_layer(module);
  bind_bidirectional(module);
  bind_any_layer(module);
}

}  // namespace rondo::python
