/// The recurrent functions of TensorFlow 1.
#include "rondo/tf1/v1.h"

#include <nanobind/stl/optional.h>
#include <nanobind/stl/shared_ptr.h>
#include <nanobind/stl/string.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "functions.h"
#include "names.h"
#include "nests.h"
#include "rondo/tf1/contrib.h"
#include "v1.h"

namespace rondo::python {
namespace {

using namespace nb::literals;
using SharedCell = std::shared_ptr<Cell>;
using OptionalName = std::optional<std::string>;

std::optional<Nest> optional_nest(nb::handle object, const char* argument) {
  if (object.is_none()) return std::nullopt;
  return nest_from(object, argument);
}

nb::object optional_to_python(const std::optional<Nest>& nest) { return nest ? to_python(*nest) : nb::none(); }

std::optional<DType> optional_dtype(const OptionalName& name) {
  if (!name) return std::nullopt;
  return dtype_from(*name, "dtype");
}

/// Options that both functions have.
template <typename Options>
Options options_of(nb::handle sequence_length, const OptionalName& dtype, std::int64_t parallel_iterations,
                   bool swap_memory, bool time_major) {
  Options options;
  options.sequence_length = optional_tensor(sequence_length, "sequence_length");
  options.dtype = optional_dtype(dtype);
  options.parallel_iterations = parallel_iterations;
  options.swap_memory = swap_memory;
  options.time_major = time_major;
  return options;
}

nb::tuple run_dynamic(const SharedCell& cell, nb::handle inputs, nb::handle sequence_length, nb::handle initial_state,
                      const OptionalName& dtype, std::int64_t parallel_iterations, bool swap_memory, bool time_major) {
  const Nest x = nest_from(inputs, "inputs");
  auto options =
      options_of<v1::DynamicRnnOptions>(sequence_length, dtype, parallel_iterations, swap_memory, time_major);
  options.initial_state = optional_nest(initial_state, "initial_state");
  v1::DynamicRnnResult result;
  {
    const nb::gil_scoped_release unlocked;
    result = v1::dynamic_rnn(cell, x, options);
  }
  return nb::make_tuple(to_python(result.outputs), to_python(result.state));
}

nb::tuple run_both(const SharedCell& cell_fw, const SharedCell& cell_bw, nb::handle inputs, nb::handle sequence_length,
                   nb::handle initial_state_fw, nb::handle initial_state_bw, const OptionalName& dtype,
                   std::int64_t parallel_iterations, bool swap_memory, bool time_major) {
  const Nest x = nest_from(inputs, "inputs");
  auto options =
      options_of<v1::BidirectionalRnnOptions>(sequence_length, dtype, parallel_iterations, swap_memory, time_major);
  options.initial_state_fw = optional_nest(initial_state_fw, "initial_state_fw");
  options.initial_state_bw = optional_nest(initial_state_bw, "initial_state_bw");
  v1::BidirectionalRnnResult result;
  {
    const nb::gil_scoped_release unlocked;
    result = v1::bidirectional_dynamic_rnn(cell_fw, cell_bw, x, options);
  }
  return nb::make_tuple(to_python(result.outputs.fw), to_python(result.outputs.bw), to_python(result.output_states.fw),
                        to_python(result.output_states.bw));
}

Tensor turned_over_time(const Tensor& x, int axis) {
  Tensor result = Tensor::empty(x.shape(), x.dtype(), x.device());
  const std::int64_t T = x.size(axis);
  for (std::int64_t t = 0; t < T; ++t) result.select(axis, t).copy_from(x.select(axis, T - 1 - t));
  return result;
}

/// The loop with resets, which is that of keras.backend.rnn with dynamic_rnn's rules: a dead row emits zeros. In
/// reverse a row's padding is read first and changes nothing, so that rows are read within their lengths; outputs are
/// turned back.
nb::tuple run_with_resets(const SharedCell& cell, nb::handle inputs, nb::handle sequence_length,
                          nb::handle initial_state, nb::handle resets, bool time_major, bool reverse) {
  const Nest x = nest_from(inputs, "inputs");
  const States before = nests_from(initial_state, "initial_state");
  RnnOptions options{.go_backwards = reverse,
                     .resets = optional_tensor(resets, "resets"),
                     .time_major = time_major,
                     .zero_output_for_mask = true};
  if (!sequence_length.is_none()) options.input_length = tensor_of(sequence_length, "sequence_length");
  RnnResult result;
  {
    const nb::gil_scoped_release unlocked;
    const auto step = [&cell](const Nest& now, const States& states, const Constants&) {
      return cell->call(now, states, {});
    };
    result = rnn(step, x, before, options);
    if (reverse) {
      result.outputs =
          result.outputs.map([&](const Tensor& leaf) { return turned_over_time(leaf, time_major ? 0 : 1); });
    }
  }
  return nb::make_tuple(to_python(result.outputs), to_python(result.new_states));
}

v1::LoopFunction loop_from(nb::object function) {
  return [loop = Function(std::move(function), "loop_fn")](
             const v1::LoopFunctionArguments& now) -> v1::LoopFunctionResult {
    const nb::gil_scoped_acquire lock;
    const nb::tuple next = loop(4, "a tuple (elements_finished, next_input, next_cell_state, emit_output)", now.time,
                                optional_to_python(now.cell_output), optional_to_python(now.cell_state));
    return {.elements_finished = tensor_of(next[0], "elements_finished"),
            .next_input = nest_from(next[1], "next_input"),
            .next_cell_state = nest_from(next[2], "next_cell_state"),
            .emit_output = optional_nest(next[3], "emit_output")};
  };
}

nb::tuple run_raw(const SharedCell& cell, nb::object loop_function) {
  const v1::LoopFunction loop = loop_from(std::move(loop_function));
  v1::RawRnnResult result;
  {
    const nb::gil_scoped_release unlocked;
    result = v1::raw_rnn(cell, loop);
  }
  return nb::make_tuple(to_python(result.emit), to_python(result.state));
}

/// (last_output, outputs, new_states) of tf.contrib.keras.backend.rnn.
nb::tuple run_contrib(nb::object step, nb::handle inputs, nb::handle initial_states, bool go_backwards, nb::handle mask,
                      nb::handle constants) {
  const Tensor& x = tensor_of(inputs, "inputs");
  const States states = nests_from(initial_states, "initial_states");
  const contrib::RnnOptions options{.go_backwards = go_backwards,
                                    .mask = optional_tensor(mask, "mask"),
                                    .constants = nests_from(constants, "constants")};
  const StepFunction function = step_from(std::move(step));
  RnnResult result;
  {
    const nb::gil_scoped_release unlocked;
    result = contrib::rnn(function, x, states, options);
  }
  return nb::make_tuple(to_python(result.last_output), to_python(result.outputs), to_python(result.new_states));
}

}  // namespace

void bind_v1(nb::module_& module) {
  bind_v1_cells(module);
  module.def("v1_dynamic_rnn", &run_dynamic, "cell"_a, "inputs"_a, nb::kw_only(), "sequence_length"_a.none(),
             "initial_state"_a.none(), "dtype"_a.none(), "parallel_iterations"_a, "swap_memory"_a, "time_major"_a,
             "(outputs, state)");
  module.def("v1_bidirectional_dynamic_rnn", &run_both, "cell_fw"_a, "cell_bw"_a, "inputs"_a, nb::kw_only(),
             "sequence_length"_a.none(), "initial_state_fw"_a.none(), "initial_state_bw"_a.none(), "dtype"_a.none(),
             "parallel_iterations"_a, "swap_memory"_a, "time_major"_a,
             "(outputs forward, outputs backward, state forward, state backward)");
  module.def("v1_rnn_with_resets", &run_with_resets, "cell"_a, "inputs"_a, nb::kw_only(), "sequence_length"_a.none(),
             "initial_state"_a, "resets"_a, "time_major"_a, "reverse"_a, "(outputs, states)");
  module.def("v1_raw_rnn", &run_raw, "cell"_a, "loop_function"_a,
             "loop_function(time, cell_output, cell_state): (emissions, state). Loop states are the caller's own.");
  module.def("contrib_rnn", &run_contrib, "step_function"_a, "inputs"_a, "initial_states"_a, nb::kw_only(),
             "go_backwards"_a, "mask"_a.none(), "constants"_a.none(), "(last_output, outputs, new_states)");
}

}  // namespace rondo::python
