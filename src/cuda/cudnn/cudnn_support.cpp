#include "cuda/cudnn/cudnn_support.h"

#include <limits>
#include <string>

#include "recurrence/weight_layout.h"
#include "rondo/vocabulary/error.h"

namespace rondo {
namespace {

// The longest sequence that cuDNN describes.
constexpr std::int64_t kMostSteps = 65535;
constexpr std::int64_t kMostOfAnySize = std::numeric_limits<std::int32_t>::max();

Support cell_support(const CellSpec& cell) {
  if (!has_cell(WeightOrigin::cudnn, cell.kind)) return Support::no("cuDNN has no " + to_string(cell.kind));
  if (cell.use_peepholes) return Support::no("cuDNN's LSTM has no peepholes");
  if (!is_plain(cell)) return Support::no("it asks no cell clip and no projection of cuDNN");
  if (cell.kind == CellKind::simple_rnn) {
    const bool known = cell.activation == Activation::tanh || cell.activation == Activation::relu;
    if (!known) return Support::no("cuDNN's simple RNN has tanh or relu, not " + to_string(cell.activation));
    return Support::yes();
  }
  if (cell.activation != Activation::tanh) {
    return Support::no("cuDNN's activation is tanh, not " + to_string(cell.activation));
  }
  if (cell.recurrent_activation != Activation::sigmoid) {
    return Support::no("cuDNN's gates are sigmoids, not " + to_string(cell.recurrent_activation));
  }
  if (cell.kind == CellKind::gru && !cell.reset_after) {
    return Support::no("cuDNN's GRU resets after the product with h, not before");
  }
  return Support::yes();
}

Support schedule_support(const RecurrenceSpec& spec) {
  if (spec.has_mask) return Support::no("cuDNN takes lengths alone, not a mask");
  if (spec.has_lengths) {
    return Support::no("cuDNN takes lengths from the host while a run is queued, not from the device's memory");
  }
  // Backward alone is not among cuDNN's directions, and its sequences have no strides that could be negative.
  if (!spec.rules.reads_forward()) return Support::no("cuDNN reads forward, or both ways, but not backward alone");
  return Support::yes();
}

Support size_support(const RecurrenceSpec& spec) {
  if (spec.T == 0 || spec.B == 0 || spec.I == 0)
    return Support::no("cuDNN has no empty sequences: T, B and I are 1 or more");
  if (spec.T > kMostSteps) return Support::no("cuDNN's sequences have at most 65535 steps");
  for (const std::int64_t size : {spec.I, gate_count(spec.cell.kind) * spec.cell.units, spec.B * spec.cell.units}) {
    if (size > kMostOfAnySize) return Support::no("cuDNN counts in 32 bits");
  }
  return Support::yes();
}

// Only the standard algorithm and the one that compiles its kernels have f64.
Support dtype_support(CudnnAlgorithm algorithm, DType dtype) {
  const bool has_f64 = algorithm == CudnnAlgorithm::standard || algorithm == CudnnAlgorithm::persist_dynamic;
  if (dtype == DType::f64 && !has_f64) return Support::no("this algorithm of cuDNN's has no f64");
  return Support::yes();
}

bool is_packed(const TimeBatchStrides& strides, const TimeBatchStrides& packed, const RecurrenceSpec& spec) {
  return (spec.T == 1 || strides.time == packed.time) && (spec.B == 1 || strides.batch == packed.batch);
}

bool lies_in(CudnnLayout layout, const TimeBatchStrides& strides, std::int64_t width, const RecurrenceSpec& spec) {
  const TimeBatchStrides packed = layout == CudnnLayout::time_major ? TimeBatchStrides{spec.B * width, width}
                                                                    : TimeBatchStrides{width, spec.T * width};
  return is_packed(strides, packed, spec);
}

[[noreturn]] void refuse_strides(const char* name, const TimeBatchStrides& strides, const char* expected) {
  throw ValueError(name,
                   "strides of " + std::to_string(strides.time) + " (T) and " + std::to_string(strides.batch) + " (B)",
                   expected);
}

void check_rows(const std::string& name, const BatchBuffer& rows, const RecurrenceSpec& spec) {
  if (rows.data == nullptr || spec.B == 1 || rows.stride == spec.cell.units) return;
  throw ValueError(name, "rows " + std::to_string(rows.stride) + " elements apart",
                   std::to_string(spec.cell.units) + ", as cuDNN takes states without gaps");
}

}  // namespace

std::string_view cudnn_executor_name(CudnnAlgorithm algorithm) {
  switch (algorithm) {
    case CudnnAlgorithm::standard: return "cudnn_standard";
    case CudnnAlgorithm::persist_static: return "cudnn_persist_static";
    case CudnnAlgorithm::persist_dynamic: return "cudnn_persist_dynamic";
    case CudnnAlgorithm::persist_static_small_h: return "cudnn_persist_static_small_h";
  }
  throw ValueError("algorithm", std::to_string(static_cast<int>(algorithm)), "a CudnnAlgorithm");
}

Support cudnn_support(CudnnAlgorithm algorithm, const RecurrenceSpec& spec) {
  if (spec.device.type != DeviceType::cuda) return Support::no("it runs on CUDA devices alone");
  for (const Support& support :
       {cell_support(spec.cell), schedule_support(spec), size_support(spec), dtype_support(algorithm, spec.dtype)}) {
    if (!support.accepted) return support;
  }
  return Support::yes();
}

CudnnConfig cudnn_config(CudnnAlgorithm algorithm, const RecurrenceSpec& spec) {
  return {.algorithm = algorithm,
          .kind = spec.cell.kind,
          .activation = spec.cell.activation,
          .use_bias = spec.cell.use_bias,
          .T = spec.T,
          .B = spec.B,
          .I = spec.I,
          .H = spec.cell.units,
          .dtype = spec.dtype,
          .math = spec.math,
          .device = spec.device};
}

CudnnLayout cudnn_layout(const RecurrenceSpec& spec, const RecurrenceBuffers& buffers) {
  bool fits_x = false;
  for (const CudnnLayout layout : {CudnnLayout::time_major, CudnnLayout::batch_major}) {
    if (!lies_in(layout, buffers.x.strides, spec.I, spec)) continue;
    fits_x = true;
    if (buffers.y.data == nullptr || lies_in(layout, buffers.y.strides, spec.cell.units, spec)) return layout;
  }
  if (!fits_x)
    refuse_strides("x", buffers.x.strides, "those of (T, B, I) or (B, T, I) without gaps, as cuDNN has no others");
  refuse_strides("y", buffers.y.strides, "x's layout without gaps: (T, B, H) for (T, B, I), (B, T, H) for (B, T, I)");
}

void check_cudnn_states(const RecurrenceSpec& spec, const RecurrenceBuffers& buffers) {
  for (std::size_t k = 0; k < kMaxStates; ++k) {
    check_rows("initial_state[" + std::to_string(k) + "]", buffers.initial_state[k], spec);
    check_rows("final_state[" + std::to_string(k) + "]", buffers.final_state[k], spec);
  }
  check_rows("last_output", buffers.last_output, spec);
}

}  // namespace rondo
