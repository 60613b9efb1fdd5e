#include "cuda/model/product_model.h"

#include <algorithm>

#include "cuda/model/hardware_constants.h"

namespace rondo {
namespace {

/// The part of an H200, on which the figures of this file were measured, that the device has.
double part_of_h200(const DeviceProperties& properties) {
  constexpr double kH200Processors = 132;
  return properties.processors / kH200Processors;
}

/// The rate of strict products by cuBLASLt, measured on an H200 (docs/performance.md). Products of few rows are slow.
double strict_flops_per_ns(double rows) { return std::min(40e3, 380 * rows); }

}  // namespace

double input_product_ns(const RecurrenceSpec& spec, const DeviceProperties& properties) {
  // Measured on an H200 (docs/performance.md): what a small product takes, and the rates of large ones.
  constexpr double kProductNs = 3300;
  constexpr double kHalfFlopsPerNs = 700e3;
  constexpr double kTf32FlopsPerNs = 350e3;
  const double rows = static_cast<double>(spec.T) * static_cast<double>(spec.B);
  const double columns = static_cast<double>(gate_count(spec.cell.kind) * spec.cell.units);
  const double I = static_cast<double>(spec.I);
  const double of_floats = spec.math == MatrixMath::tf32 ? kTf32FlopsPerNs : strict_flops_per_ns(std::max(rows, 1.0));
  const double flops_per_ns = spec.dtype == DType::f32 ? of_floats : kHalfFlopsPerNs;
  const double operands = static_cast<double>(size_of(spec.dtype)) * I * (rows + columns);
  const double bytes = operands + sizeof(float) * rows * columns;
  const double takes = std::max(2.0 * rows * I * columns / flops_per_ns, bytes / kHardware.memory_bytes_per_ns);
  return kProductNs + takes / part_of_h200(properties);
}

double stepwise_total_ns(const RecurrenceSpec& spec, const DeviceProperties& properties) {
  // Fitted to measurements on an H200 (docs/performance.md): a step has two launches, its products run at a part of the
  // device's rate, and each step reads the recurrent kernel anew, from L2 as long as it fits there.
  constexpr double kStepNs = 4800;
  constexpr double kL2Bytes = 50e6;
  constexpr double kL2BytesPerNs = 6000;
  constexpr double kMemoryBytesPerNs = 3100;
  constexpr double kHalfFlopsPerNs = 700e3;
  constexpr double kTf32FlopsPerNs = 150e3;
  const double rows = static_cast<double>(spec.B);
  const double of_floats = spec.math == MatrixMath::tf32 ? kTf32FlopsPerNs : strict_flops_per_ns(rows);
  const double flops_per_ns = spec.dtype == DType::f32 ? of_floats : kHalfFlopsPerNs;
  const double units = static_cast<double>(spec.cell.units);
  const double weights = gate_count(spec.cell.kind) * units * units;
  const double bytes = weights * static_cast<double>(size_of(spec.dtype));
  const double product_ns = 2.0 * rows * weights / flops_per_ns;
  const double reading_ns = bytes / (bytes <= kL2Bytes ? kL2BytesPerNs : kMemoryBytesPerNs);
  const double step_ns = kStepNs + std::max(product_ns, reading_ns) / part_of_h200(properties);
  return input_product_ns(spec, properties) + static_cast<double>(spec.T) * step_ns;
}

}  // namespace rondo
