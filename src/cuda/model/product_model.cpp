#include "cuda/model/product_model.h"

#include <algorithm>

#include "cuda/model/hardware_constants.h"
#include "recurrence/dispatch_cell.h"

namespace rondo {
namespace {

/// The part that a device is of the one whose rates kHardware has.
double part_of_device(const DeviceProperties& properties) { return properties.processors / kHardware.processors; }

/// The rate of a product of `rows` rows, whose rate in TF32 is given.
double product_flops_per_ns(const RecurrenceSpec& spec, double rows, double tf32_flops_per_ns) {
  if (spec.dtype != DType::f32) return kHardware.product_half_flops_per_ns;
  if (spec.math == MatrixMath::tf32) return tf32_flops_per_ns;
  return std::min(kHardware.product_f32_flops_per_ns, kHardware.product_f32_flops_per_ns_per_row * rows);
}

}  // namespace

double input_product_ns(const RecurrenceSpec& spec, const DeviceProperties& properties) {
  const double rows = static_cast<double>(spec.T) * static_cast<double>(spec.B);
  const double columns = static_cast<double>(gate_count(spec.cell.kind) * spec.cell.units);
  const double I = static_cast<double>(spec.I);
  const double flops_per_ns = product_flops_per_ns(spec, std::max(rows, 1.0), kHardware.product_tf32_flops_per_ns);
  const double operands = static_cast<double>(size_of(spec.dtype)) * I * (rows + columns);
  const double bytes = operands + sizeof(float) * rows * columns;
  const double takes = std::max(2.0 * rows * I * columns / flops_per_ns, bytes / kHardware.memory_bytes_per_ns);
  return kHardware.product_ns + takes / part_of_device(properties);
}

// A step is two launches, forward and backward, or four where the candidate has a product of its own. Products read the
// recurrent kernel anew, out of L2 as long as it fits there.
double stepwise_steps_ns(const RecurrenceSpec& spec, const DeviceProperties& properties) {
  const double rows = static_cast<double>(spec.B);
  const double flops_per_ns = product_flops_per_ns(spec, rows, kHardware.stepwise_tf32_flops_per_ns);
  const double units = static_cast<double>(spec.cell.units);
  const double weights = gate_count(spec.cell.kind) * units * units;
  const double bytes = weights * static_cast<double>(size_of(spec.dtype));
  const double product_ns = 2.0 * rows * weights / flops_per_ns;
  const double reading_ns = bytes / (bytes <= kHardware.l2_bytes ? kHardware.stepwise_l2_bytes_per_ns
                                                                 : kHardware.stepwise_memory_bytes_per_ns);
  const double phases =
      dispatch_cell(spec.cell, []<typename Formula>(FormulaTag<Formula>) { return kPhases<Formula>; });
  const double step_ns =
      phases * kHardware.stepwise_step_ns + std::max(product_ns, reading_ns) / part_of_device(properties);
  return static_cast<double>(spec.T) * step_ns;
}

double stepwise_total_ns(const RecurrenceSpec& spec, const DeviceProperties& properties) {
  return input_product_ns(spec, properties) + stepwise_steps_ns(spec, properties);
}

}  // namespace rondo
