#include "rondo/c/plan.h"

#include <memory>

#include "c_api/borrowed.h"
#include "c_api/last_error.h"
#include "c_api/plan_options.h"
#include "c_api/sized_struct.h"

namespace rondo::c_api {
namespace {

constexpr CellKind kCells[] = {CellKind::lstm, CellKind::gru, CellKind::simple_rnn, CellKind::mgu};
constexpr ReadOrder kReads[] = {ReadOrder::forward, ReadOrder::reversed, ReadOrder::reversed_within_length};
constexpr WriteOrder kWrites[] = {WriteOrder::processing, WriteOrder::input};
constexpr DeadOutput kDead[] = {DeadOutput::previous_output, DeadOutput::zeros, DeadOutput::incoming_state};

GraphUse graph_use_of(const rondo_plan_options& given) {
  return given.without_graphs != 0 ? GraphUse::never : GraphUse::automatic;
}

CellSpec cell_of(const rondo_recurrence& given) {
  CellSpec cell{.kind = chosen(given.cell, kCells, "cell"),
                .units = given.H,
                .activation = activation_from_name(text_or(given.activation, "tanh")),
                .recurrent_activation = activation_from_name(text_or(given.recurrent_activation, "sigmoid")),
                .use_bias = given.no_bias == 0,
                .reset_after = given.reset_before == 0,
                .use_peepholes = given.use_peepholes != 0};
  if (given.cell_clip != 0) cell.cell_clip = given.cell_clip;
  if (given.projection_units != 0) cell.projection_units = given.projection_units;
  if (given.projection_clip != 0) cell.projection_clip = given.projection_clip;
  return cell;
}

}  // namespace

RecurrenceSpec spec_of(const rondo_recurrence& given) {
  return {.cell = cell_of(given),
          .T = given.T,
          .B = given.B,
          .I = given.I,
          .dtype = dtype_of_number(given.dtype),
          .math = math_of_number(given.math),
          .device = device_of(given.device_type, given.device_index),
          .rules = {.read = chosen(given.read_order, kReads, "read_order"),
                    .write = chosen(given.write_order, kWrites, "write_order"),
                    .dead = chosen(given.dead_output, kDead, "dead_output")},
          .has_mask = given.has_mask != 0,
          .has_lengths = given.has_lengths != 0,
          .has_resets = given.has_resets != 0};
}

PlanOptions plan_options_of(const rondo_plan_options& given) {
  return {.executor = text_or(given.executor, ""),
          .graph_use = graph_use_of(given),
          .threads = given.threads,
          .never_waits = given.never_waits != 0};
}

NetworkOptions network_options_of(const rondo_plan_options& given) {
  return {.executor = text_or(given.executor, ""),
          .graph_use = graph_use_of(given),
          .never_waits = given.never_waits != 0,
          .threads = given.threads,
          .overlap = given.without_overlap != 0 ? Overlap::never : Overlap::automatic};
}

}  // namespace rondo::c_api

using namespace rondo;
using namespace rondo::c_api;

rondo_status rondo_plan_create(const rondo_recurrence* recurrence, const rondo_plan_options* options,
                               rondo_plan** plan) {
  return guarded([&] {
    rondo_plan*& result = cleared(plan, "plan");
    const RecurrenceSpec spec = spec_of(read_sized(recurrence, "recurrence"));
    const PlanOptions plan_options = plan_options_of(read_optional(options, "options"));
    result = handle_of<rondo_plan>(std::make_shared<Plan>(Plan::create(spec, plan_options)));
  });
}

rondo_status rondo_plan_explain(rondo_plan* plan, char** text) {
  return guarded([&] {
    char*& result = cleared(text, "text");
    result = given_text(object_of(plan, "plan")->explain());
  });
}

rondo_status rondo_plan_executor(rondo_plan* plan, char** name) {
  return guarded([&] {
    char*& result = cleared(name, "name");
    result = given_text(object_of(plan, "plan")->executor_name());
  });
}

rondo_status rondo_plan_describe(rondo_plan* plan, rondo_plan_info* info) {
  return guarded([&] {
    const auto object = object_of(plan, "plan");
    const CellSpec& cell = object->spec().cell;
    write_sized(info, "info",
                rondo_plan_info{.struct_size = 0,
                                .output_units = output_units(cell),
                                .state_count = state_count(cell.kind),
                                .gate_columns = gate_count(cell.kind) * cell.units,
                                .workspace_bytes = object->workspace_bytes(),
                                .predicted_ns = object->predicted_ns().value_or(0),
                                .may_stall = object->may_stall() ? 1 : 0});
  });
}

rondo_status rondo_plan_close(rondo_plan* plan) {
  return guarded([&] { close_handle(plan, "plan"); });
}
