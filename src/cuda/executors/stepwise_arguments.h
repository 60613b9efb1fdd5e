/// What the kernels of the stepwise executor are told: one struct of named fields for each. Element is the dtype of
/// what the caller sees (float, Float16 or BFloat16); sums and states are float in any case. All rows of H units are
/// without gaps unless a stride is given, and pointers are aligned as an allocator's are unless they are the caller's.
#pragma once

#include <cstdint>

#include "recurrence/cells/unit.h"
#include "recurrence/schedule.h"

namespace rondo {

/// (B, H), rows `stride` elements apart. Null data: absent.
template <typename Element>
struct BatchRows {
  Element* data = nullptr;
  std::int64_t stride = 0;
};

/// What the loop remembers between steps.
template <typename Element>
struct StepStates {
  float* h = nullptr;          ///< (B, H)
  float* c = nullptr;          ///< (B, H); null for a cell without it
  Element* operand = nullptr;  ///< (B, H): h as the recurrent product takes it; where Element is float, h itself
  bool* was_live = nullptr;    ///< (B): whether a row has been live at any step so far
};

/// The sums behind the gates at processing step s, without biases, and the biases.
template <typename Element>
struct StepSums {
  Schedule schedule = {};
  std::int64_t s = 0;
  std::int64_t H = 0;
  Activations activations = {};
  const float* input_sums = nullptr;  ///< (T, B, G H) by input step, `input_strides` apart: x W
  TimeBatchStrides input_strides = {};
  const float* recurrent_sums = nullptr;    ///< (B, G H): h U
  const Element* bias = nullptr;            ///< (G H), or null
  const Element* recurrent_bias = nullptr;  ///< (G H), or null
};

/// Brings the initial states in.
template <typename Element>
struct LoadStates {
  std::int64_t B = 0;
  std::int64_t H = 0;
  BatchRows<const Element> initial_h = {};  ///< absent: zeros
  BatchRows<const Element> initial_c = {};
  StepStates<Element> states = {};
};

/// Makes the operand of the candidate's product in a GRU that resets before it.
template <typename Element>
struct ResetStep {
  StepSums<Element> sums = {};
  const float* h = nullptr;          ///< (B, H)
  Element* reset_operand = nullptr;  ///< (B, H): r * h
};

/// Advances all rows by one step, and emits their outputs.
template <typename Element>
struct GateStep {
  StepSums<Element> sums = {};
  StepStates<Element> states = {};
  Element* y = nullptr;  ///< (T, B, H) by write time, `y_strides` apart; null: no sequence is wanted
  TimeBatchStrides y_strides = {};
};

/// Takes the results out.
template <typename Element>
struct StoreResults {
  Schedule schedule = {};
  std::int64_t H = 0;
  StepStates<Element> states = {};
  BatchRows<Element> last_output = {};
  BatchRows<Element> final_h = {};
  BatchRows<Element> final_c = {};
};

}  // namespace rondo
