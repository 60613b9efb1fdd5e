/// The cells of TensorFlow 1, and cells that Python computes.
#include "rondo/tf1/v1_cells.h"

#include <nanobind/stl/optional.h>
#include <nanobind/stl/shared_ptr.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "functions.h"
#include "nests.h"
#include "rondo/vocabulary/error.h"
#include "v1.h"

namespace rondo::python {
namespace {

using namespace nb::literals;
using Shapes = std::vector<std::vector<std::int64_t>>;

/// A tree whose leaves are places in `shapes`: {c: 0, h: 1}.
SizeNest sizes_from(nb::handle structure, const Shapes& shapes, const char* argument) {
  const Nest places = nest_from(structure, argument);
  std::size_t next = 0;
  if (places.leaf_count() != shapes.size()) {
    throw ValueError(argument, std::to_string(shapes.size()) + " shapes", "one for each leaf of " + places.structure());
  }
  return places.map([&](const Tensor&) { return Shape(std::span<const std::int64_t>(shapes[next++])); });
}

/// A cell whose step is a function of Python's: (inputs, states) -> (output, states).
class PythonCell final : public Cell {
 public:
  PythonCell(nb::object step, SizeNest state_size, SizeNest output_size)
      : step_(std::move(step), "cell"), state_size_(std::move(state_size)), output_size_(std::move(output_size)) {}

  SizeNest state_size() const override { return state_size_; }
  SizeNest output_size() const override { return output_size_; }

  StepResult call(const Nest& inputs, const States& states, const CellContext&) override {
    const nb::gil_scoped_acquire lock;
    const nb::tuple result = step_(2, "a tuple (output, states)", to_python(inputs), to_python(states));
    return {nest_from(result[0], "cell's output"), nests_from(result[1], "cell's state")};
  }

 private:
  Function step_;
  SizeNest state_size_;
  SizeNest output_size_;
};

/// Throws for another number of weights than a cell has.
std::vector<Tensor> weights_of(nb::handle weights, std::size_t expected) {
  std::vector<Tensor> given = tensors_from(weights, "weights");
  if (given.size() == expected) return given;
  throw ValueError("weights", std::to_string(given.size()) + " arrays", std::to_string(expected));
}

std::shared_ptr<Cell> basic_rnn_cell(std::int64_t num_units, const std::string& activation, nb::handle weights) {
  const std::vector<Tensor> given = weights_of(weights, 2);
  return std::make_shared<v1::BasicRNNCell>(
      v1::BasicRNNCellOptions{.num_units = num_units, .activation = activation_from_name(activation)},
      v1::BasicRNNWeights{.kernel = given[0], .bias = given[1]});
}

std::shared_ptr<Cell> gru_cell(std::int64_t num_units, const std::string& activation, nb::handle weights) {
  const std::vector<Tensor> given = weights_of(weights, 4);
  return std::make_shared<v1::GRUCell>(
      v1::GRUCellOptions{.num_units = num_units, .activation = activation_from_name(activation)},
      v1::GRUWeights{
          .gates_kernel = given[0], .gates_bias = given[1], .candidate_kernel = given[2], .candidate_bias = given[3]});
}

std::shared_ptr<Cell> lstm_cell(std::int64_t num_units, const std::string& activation, nb::handle weights,
                                bool use_peepholes, std::optional<double> cell_clip,
                                std::optional<std::int64_t> num_proj, std::optional<double> proj_clip,
                                double forget_bias, bool state_is_tuple) {
  const std::vector<Tensor> given = weights_of(weights, 2 + (use_peepholes ? 3 : 0) + (num_proj ? 1 : 0));
  v1::LSTMWeights named{.kernel = given[0], .bias = given[1]};
  if (use_peepholes) {
    named.w_f_diag = given[2];
    named.w_i_diag = given[3];
    named.w_o_diag = given[4];
  }
  if (num_proj) named.projection_kernel = given.back();
  return std::make_shared<v1::LSTMCell>(v1::LSTMCellOptions{.num_units = num_units,
                                                            .use_peepholes = use_peepholes,
                                                            .cell_clip = cell_clip,
                                                            .num_proj = num_proj,
                                                            .proj_clip = proj_clip,
                                                            .forget_bias = forget_bias,
                                                            .state_is_tuple = state_is_tuple,
                                                            .activation = activation_from_name(activation)},
                                        named);
}

std::shared_ptr<Cell> stack_of(std::vector<std::shared_ptr<Cell>> cells, bool state_is_tuple) {
  return std::make_shared<v1::MultiRNNCell>(std::move(cells),
                                            v1::MultiRNNCellOptions{.state_is_tuple = state_is_tuple});
}

std::shared_ptr<Cell> python_cell(nb::object step, nb::handle state_structure, const Shapes& state_shapes,
                                  nb::handle output_structure, const Shapes& output_shapes) {
  return std::make_shared<PythonCell>(std::move(step), sizes_from(state_structure, state_shapes, "state_size"),
                                      sizes_from(output_structure, output_shapes, "output_size"));
}

nb::tuple call_cell(const std::shared_ptr<Cell>& cell, nb::handle inputs, nb::handle states) {
  const Nest x = nest_from(inputs, "inputs");
  const States before = nests_from(states, "state");
  StepResult result;
  {
    const nb::gil_scoped_release unlocked;
    result = cell->call(x, before, {});
  }
  return nb::make_tuple(to_python(result.output), to_python(result.states));
}

}  // namespace

void bind_v1_cells(nb::module_& module) {
  module.def("v1_basic_rnn_cell", &basic_rnn_cell, "num_units"_a, "activation"_a, "weights"_a);
  module.def("v1_gru_cell", &gru_cell, "num_units"_a, "activation"_a, "weights"_a);
  module.def("v1_lstm_cell", &lstm_cell, "num_units"_a, "activation"_a, "weights"_a, nb::kw_only(), "use_peepholes"_a,
             "cell_clip"_a.none(), "num_proj"_a.none(), "proj_clip"_a.none(), "forget_bias"_a, "state_is_tuple"_a);
  module.def("v1_multi_rnn_cell", &stack_of, "cells"_a, "state_is_tuple"_a);
  module.def(
      "v1_python_cell", &python_cell, "step"_a, "state_structure"_a, "state_shapes"_a, "output_structure"_a,
      "output_shapes"_a,
      "A cell whose step is a function (inputs, states) -> (output, states). Structures are trees of any tensors.");
  module.def("v1_call_cell", &call_cell, "cell"_a, "inputs"_a, "states"_a, "One step: (output, states).");
}

}  // namespace rondo::python
