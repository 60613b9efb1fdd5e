/// The seam between the gradients of whole sequences and a kernel of another executor that computes all of their steps.
#pragma once

#include "cuda/common/kept_rows.h"
#include "recurrence/buffers.h"
#include "rondo/vocabulary/device.h"

namespace rondo {

/// The gradient of one state, (B, H). The kernel finds that of the final state, and leaves that of the state before the
/// first step, from which no reset has taken anything yet.
struct StepsState {
  float* d_state = nullptr;
  float* reset_sums = nullptr;  ///< the kernel adds the gradients of the states that resets have put in
};

/// What the steps of the gradients of a run read and write. Elements have the spec's dtype, and rows are those of the
/// reserve.
struct GradientSteps {
  Schedule schedule = {};
  KeptRows kept = {};
  const bool* was_live = nullptr;  ///< (T, B) by processing step; null where the time rules do not ask for it
  SequenceBuffer d_y;              ///< by write time; absent: zeros
  BatchBuffer d_last_output;       ///< absent: zeros
  StepsState h = {};
  StepsState c = {};
  void* d_input = nullptr;      ///< (rows, G H): the gradients of x W + b, zeros where a row is dead
  void* d_recurrent = nullptr;  ///< (rows, G H): those of h U + rb; null where they are the same
  std::uint32_t* flags = nullptr;
};

/// A kernel that computes all steps in one launch. It belongs to one session.
class StepsKernel {
 public:
  virtual ~StepsKernel() = default;
  virtual void queue(const GradientSteps& steps, Stream stream) const = 0;
};

}  // namespace rondo
