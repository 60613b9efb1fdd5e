/// Cells whose mathematics Rondo knows: the classes CellSpec and KnownCell.
#include "cells.h"

#include <nanobind/stl/optional.h>
#include <nanobind/stl/shared_ptr.h>
#include <nanobind/stl/string.h>

#include <array>
#include <memory>

#include "binding.h"
#include "cell_classes.h"
#include "nests.h"
#include "rondo/keras/cells.h"
#include "rondo/vocabulary/error.h"

namespace rondo::python {
namespace {

using namespace nb::literals;

void bind_spec(nb::module_& module) {
  nb::class_<CellSpec>(module, "CellSpec", "The mathematics of one step, without the weights.")
      .def(
          "__init__",
          [](CellSpec* cell, const std::string& kind, std::int64_t units, const std::string& activation,
             const std::string& recurrent_activation, bool use_bias, bool reset_after, bool use_peepholes,
             std::optional<double> cell_clip, std::optional<std::int64_t> projection_units,
             std::optional<double> projection_clip) {
            new (cell) CellSpec{.kind = kind_from(kind),
                                .units = units,
                                .activation = activation_from_name(activation),
                                .recurrent_activation = activation_from_name(recurrent_activation),
                                .use_bias = use_bias,
                                .reset_after = reset_after,
                                .use_peepholes = use_peepholes,
                                .cell_clip = cell_clip,
                                .projection_units = projection_units,
                                .projection_clip = projection_clip};
            check_cell(*cell);
          },
          "kind"_a, "units"_a, nb::kw_only(), "activation"_a = "tanh", "recurrent_activation"_a = "sigmoid",
          "use_bias"_a = true, "reset_after"_a = true, "use_peepholes"_a = false, "cell_clip"_a = nb::none(),
          "projection_units"_a = nb::none(), "projection_clip"_a = nb::none())
      .def_prop_ro("kind", [](const CellSpec& cell) { return to_string(cell.kind); })
      .def_ro("units", &CellSpec::units)
      .def_prop_ro("output_units", [](const CellSpec& cell) { return output_units(cell); })
      .def_prop_ro("state_count", [](const CellSpec& cell) { return state_count(cell.kind); })
      .def_prop_ro("gate_count", [](const CellSpec& cell) { return gate_count(cell.kind); })
      .def_prop_ro("bias_rows", [](const CellSpec& cell) { return bias_rows(cell); });
}

nb::tuple call_cell(KnownCell& cell, nb::handle inputs, nb::handle states, bool training, std::uint64_t dropout_call) {
  const Nest x = nest_from(inputs, "inputs");
  const States before = nests_from(states, "states");
  StepResult result;
  {
    const nb::gil_scoped_release unlocked;
    result = cell.call(x, before, {.training = training, .dropout_call = dropout_call});
  }
  return nb::make_tuple(to_python(result.output), to_python(result.states));
}

}  // namespace

CellKind kind_from(const std::string& name) {
  constexpr std::array kKinds{CellKind::simple_rnn, CellKind::lstm, CellKind::gru, CellKind::mgu};
  for (const CellKind kind : kKinds) {
    if (to_string(kind) == name) return kind;
  }
  throw ValueError("kind", "\"" + name + "\"", "\"simple_rnn\", \"lstm\", \"gru\" or \"mgu\"");
}

RecurrentWeights weights_from(const CellSpec& cell, nb::handle weights) {
  const std::vector<Tensor> given = tensors_from(weights, "weights");
  const std::size_t expected =
      2 + (cell.use_bias ? 1 : 0) + (cell.use_peepholes ? 1 : 0) + (cell.projection_units ? 1 : 0);
  if (given.size() != expected) {
    throw ValueError("weights", std::to_string(given.size()) + " arrays",
                     std::to_string(expected) +
                         ": kernel, recurrent_kernel, and those of bias, peepholes and projection "
                         "that the cell has");
  }
  RecurrentWeights result{.kernel = given[0], .recurrent_kernel = given[1]};
  std::size_t next = 2;
  if (cell.use_bias) result.bias = given[next++];
  if (cell.use_peepholes) result.peepholes = given[next++];
  if (cell.projection_units) result.projection = given[next++];
  return result;
}

nb::list to_python(const RecurrentWeights& weights) {
  std::vector<Tensor> all{weights.kernel, weights.recurrent_kernel};
  for (const std::optional<Tensor>& tensor : {weights.bias, weights.peepholes, weights.projection}) {
    if (tensor) all.push_back(*tensor);
  }
  return to_python(all);
}

void bind_cells(nb::module_& module) {
  bind_spec(module);
  nb::class_<Cell>(module, "Cell", "What one time step computes.");
  nb::class_<KnownCell, Cell>(module, "KnownCell",
                              "A cell whose mathematics Rondo knows, with its weights and dropout.")
      .def(
          "__init__",
          [](KnownCell* cell, const CellSpec& spec, nb::handle weights, double dropout, double recurrent_dropout,
             int implementation, std::uint64_t seed) {
            new (cell) KnownCell(spec, weights_from(spec, weights),
                                 {.dropout = dropout,
                                  .recurrent_dropout = recurrent_dropout,
                                  .implementation = implementation,
                                  .seed = seed});
          },
          "spec"_a, "weights"_a, nb::kw_only(), "dropout"_a = 0.0, "recurrent_dropout"_a = 0.0, "implementation"_a = 2,
          "seed"_a = 0)
      .def_prop_ro("spec", &KnownCell::spec)
      .def_prop_ro(
          "weights", [](const KnownCell& cell) { return to_python(cell.weight_list()); },
          "In the order of Keras's get_weights().")
      .def(
          "set_weights",
          [](KnownCell& cell, nb::handle weights) { cell.set_weights(tensors_from(weights, "weights")); }, "weights"_a)
      .def("reload_weights", &KnownCell::reload_weights, nb::call_guard<nb::gil_scoped_release>(),
           "Packs the weights again, whose elements have changed in place.")
      .def("call", &call_cell, "inputs"_a, "states"_a, nb::kw_only(), "training"_a = false, "dropout_call"_a = 0,
           "One step: (output, states).");
}

}  // namespace rondo::python
