/// The addresses of the gradients of one run. Elements have the spec's dtype, but for the gradients of the weights.
#pragma once

#include <array>

#include "recurrence/buffers.h"
#include "rondo/recurrence/reserve_use.h"
#include "rondo/vocabulary/dtype.h"

namespace rondo {

/// Gradients of the weights, laid out as WeightBuffers. Null: not wanted.
struct WeightGradientBuffers {
  void* kernel = nullptr;
  void* recurrent_kernel = nullptr;
  void* bias = nullptr;
  void* recurrent_bias = nullptr;
  void* peepholes = nullptr;
  void* projection = nullptr;
  DType dtype = DType::f32;
  bool accumulate = false;  ///< adds to what is there

  bool operator==(const WeightGradientBuffers&) const = default;
};

struct GradientBuffers {
  /// The run: x, reset_state, schedule, reserve and flags. The other members are absent.
  RecurrenceBuffers run;
  ReserveUse reserve_use = ReserveUse::keep;

  // Given; absent: zeros.
  SequenceBuffer d_y;
  BatchBuffer d_last_output;
  std::array<BatchBuffer, kMaxStates> d_final_state;

  // Wanted; absent: not computed. Every element of those that are present is written.
  SequenceBuffer d_x;
  bool accumulates_x = false;  ///< adds to d_x in place of writing
  std::array<BatchBuffer, kMaxStates> d_initial_state;
  std::array<BatchBuffer, kMaxStates> d_reset_state;  ///< a stride of 0: one row, the sum over all
  WeightGradientBuffers d_weights;

  bool operator==(const GradientBuffers&) const = default;
};

}  // namespace rondo
