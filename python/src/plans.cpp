/// RecurrenceSpec and Plan.
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <optional>
#include <string>

#include "binding.h"
#include "names.h"
#include "nests.h"
#include "rondo/plan/plan.h"
#include "rondo/vocabulary/error.h"

namespace rondo::python {
namespace {

using namespace nb::literals;

Keep keep_from(const std::string& name) {
  for (const Keep keep : {Keep::nothing, Keep::states, Keep::gates}) {
    if (to_string(keep) == name) return keep;
  }
  throw ValueError("keep", "\"" + name + "\"", "\"nothing\", \"states\" or \"gates\"");
}

/// The settings of each API, by the names of TimeRules's makers.
TimeRules rules_from(const std::string& name, bool go_backwards, bool zero_output_for_mask) {
  if (name == "keras") return TimeRules::keras(go_backwards, zero_output_for_mask);
  if (name == "contrib") return TimeRules::contrib(go_backwards);
  if (name == "dynamic_rnn") return go_backwards ? TimeRules::dynamic_rnn_backward() : TimeRules::dynamic_rnn();
  throw ValueError("rules", "\"" + name + "\"", "\"keras\", \"contrib\" or \"dynamic_rnn\"");
}

void bind_spec(nb::module_& module) {
  nb::class_<RecurrenceSpec>(module, "RecurrenceSpec",
                             "A whole recurrence: all that an executor must know before a run.")
      .def(
          "__init__",
          [](RecurrenceSpec* spec, const CellSpec& cell, std::int64_t T, std::int64_t B, std::int64_t I,
             const std::string& dtype, const std::string& math, const std::string& device, const std::string& rules,
             bool go_backwards, bool zero_output_for_mask, bool has_mask, bool has_lengths, bool has_resets,
             bool packed, const std::string& keep, std::int64_t segment, bool swap_memory) {
            new (spec) RecurrenceSpec{.cell = cell,
                                      .T = T,
                                      .B = B,
                                      .I = I,
                                      .dtype = dtype_from(dtype, "dtype"),
                                      .math = math_from_name(math),
                                      .device = device_from(device, "device"),
                                      .rules = rules_from(rules, go_backwards, zero_output_for_mask),
                                      .has_mask = has_mask,
                                      .has_lengths = has_lengths,
                                      .has_resets = has_resets,
                                      .packed = packed,
                                      .keep = keep_from(keep),
                                      .segment = segment,
                                      .swap_memory = swap_memory};
          },
          "cell"_a, nb::kw_only(), "T"_a, "B"_a, "I"_a, "dtype"_a = "float32", "math"_a = "strict", "device"_a = "cpu",
          "rules"_a = "keras", "go_backwards"_a = false, "zero_output_for_mask"_a = false, "has_mask"_a = false,
          "has_lengths"_a = false, "has_resets"_a = false, "packed"_a = false, "keep"_a = "nothing", "segment"_a = 0,
          "swap_memory"_a = false)
      .def("__repr__", [](const RecurrenceSpec& spec) { return "rondo.RecurrenceSpec " + to_string(spec); });
}

}  // namespace

void bind_plans(nb::module_& module) {
  bind_spec(module);
  nb::class_<Plan>(module, "Plan", "Which executor runs a recurrence, and why.")
      .def(
          "__init__",
          [](Plan* made, const RecurrenceSpec& spec, const std::optional<std::string>& gpu, const std::string& executor,
             const std::string& backward_executor, int threads, bool never_waits) {
            const PlanOptions options{.executor = executor,
                                      .backward_executor = backward_executor,
                                      .threads = threads,
                                      .never_waits = never_waits};
            new (made) Plan(gpu ? Plan::create(spec, known_gpu(*gpu), options) : Plan::create(spec, options));
          },
          "spec"_a, nb::kw_only(), "gpu"_a = nb::none(), "executor"_a = "", "backward_executor"_a = "", "threads"_a = 0,
          "never_waits"_a = false, "`gpu` names a GPU to plan for that the machine may lack: h200, h100, a100, ...")
      .def("explain", &Plan::explain, "A text: the executor, and why each one before it declined.")
      .def_prop_ro("executor_name", &Plan::executor_name)
      .def_prop_ro("backward_executor_name", &Plan::backward_executor_name)
      .def_prop_ro("workspace_bytes", &Plan::workspace_bytes)
      .def("reserve_bytes", &Plan::reserve_bytes, "packed_rows"_a = nb::none())
      .def(
          "empty_reserve",
          [](const Plan& plan, std::optional<std::int64_t> packed_rows) {
            return to_python(plan.empty_reserve(packed_rows));
          },
          "packed_rows"_a = nb::none());
  module.def(
      "executor_names", [](const std::string& device) { return executor_names(device_from(device, "device")); },
      "device"_a = "cpu");
}

}  // namespace rondo::python
