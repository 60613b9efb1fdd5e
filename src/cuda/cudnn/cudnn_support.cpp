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

std::optional<Refusal> cell_refusal(const CellSpec& cell) {
  if (!has_cell(WeightOrigin::cudnn, cell.kind)) return Refusal{"cuDNN has no " + to_string(cell.kind)};
  if (cell.use_peepholes) return Refusal{"cuDNN's LSTM has no peepholes"};
  if (!is_plain(cell)) return Refusal{"it asks no cell clip and no projection of cuDNN"};
  if (cell.kind == CellKind::simple_rnn) {
    const bool known = cell.activation == Activation::tanh || cell.activation == Activation::relu;
    if (!known) return Refusal{"cuDNN's simple RNN has tanh or relu, not " + to_string(cell.activation)};
    return std::nullopt;
  }
  if (cell.activation != Activation::tanh) {
    return Refusal{"cuDNN's activation is tanh, not " + to_string(cell.activation)};
  }
  if (cell.recurrent_activation != Activation::sigmoid) {
    return Refusal{"cuDNN's gates are sigmoids, not " + to_string(cell.recurrent_activation)};
  }
  if (cell.kind == CellKind::gru && !cell.reset_after) {
    return Refusal{"cuDNN's GRU resets after the product with h, not before"};
  }
  return std::nullopt;
}

std::optional<Refusal> schedule_refusal(const RecurrenceSpec& spec) {
  if (spec.has_mask) return Refusal{"cuDNN takes lengths alone, not a mask"};
  if (spec.has_resets) return Refusal{"cuDNN has no resets"};
  if (spec.packed) return Refusal{"it takes padded batches alone"};
  if (spec.has_lengths) {
    return Refusal{"cuDNN takes lengths from the host while a run is queued, not from the device's memory"};
  }
  // Backward alone is not among cuDNN's directions, and its sequences have no strides that could be negative.
  if (!spec.rules.reads_forward()) return Refusal{"cuDNN reads forward, or both ways, but not backward alone"};
  return std::nullopt;
}

std::optional<Refusal> size_refusal(const RecurrenceSpec& spec) {
  if (spec.T == 0 || spec.B == 0 || spec.I == 0)
    return Refusal{"cuDNN has no empty sequences: T, B and I are 1 or more"};
  if (spec.T > kMostSteps) return Refusal{"cuDNN's sequences have at most 65535 steps"};
  for (const std::int64_t size : {spec.I, gate_count(spec.cell.kind) * spec.cell.units, spec.B * spec.cell.units}) {
    if (size > kMostOfAnySize) return Refusal{"cuDNN counts in 32 bits"};
  }
  return std::nullopt;
}

// Only the standard algorithm and the one that compiles its kernels have f64.
std::optional<Refusal> dtype_refusal(CudnnAlgorithm algorithm, DType dtype) {
  const bool has_f64 = algorithm == CudnnAlgorithm::standard || algorithm == CudnnAlgorithm::persist_dynamic;
  if (dtype == DType::f64 && !has_f64) return Refusal{"this algorithm of cuDNN's has no f64"};
  return std::nullopt;
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

std::optional<Refusal> cudnn_refusal(CudnnAlgorithm algorithm, const RecurrenceSpec& spec) {
  if (spec.device.type != DeviceType::cuda) return Refusal{"it runs on CUDA devices alone"};
  for (const std::optional<Refusal>& refusal :
       {cell_refusal(spec.cell), schedule_refusal(spec), size_refusal(spec), dtype_refusal(algorithm, spec.dtype)}) {
    if (refusal) return refusal;
  }
  return std::nullopt;
}

std::optional<Refusal> cudnn_refusal_to_keep(const RecurrenceSpec& spec) {
  if (spec.keep == Keep::states) return Refusal{"cuDNN keeps the gates, and has no gradients from states alone"};
  return std::nullopt;
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
          .device = spec.device,
          .use = spec.keep == Keep::nothing ? CudnnUse::inference : CudnnUse::training};
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

CudnnLayout checked_cudnn_gradients(const RecurrenceSpec& spec, const GradientBuffers& buffers) {
  RecurrenceBuffers run;
  run.x = buffers.run.x;
  const CudnnLayout layout = cudnn_layout(spec, run);
  const auto check_layout = [&](const char* name, const SequenceBuffer& gradient, std::int64_t width) {
    if (gradient.data == nullptr || lies_in(layout, gradient.strides, width, spec)) return;
    refuse_strides(name, gradient.strides, "x's layout without gaps, as cuDNN has no others");
  };
  check_layout("gradients.x", buffers.d_x, spec.I);
  check_layout("gradients.y", buffers.d_y, spec.cell.units);
  for (std::size_t k = 0; k < kMaxStates; ++k) {
    check_rows("gradients.initial_state[" + std::to_string(k) + "]", buffers.d_initial_state[k], spec);
    check_rows("gradients.final_state[" + std::to_string(k) + "]", buffers.d_final_state[k], spec);
  }
  check_rows("gradients.last_output", buffers.d_last_output, spec);
  return layout;
}

}  // namespace rondo
