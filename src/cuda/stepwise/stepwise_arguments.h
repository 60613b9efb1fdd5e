/// What the kernels of the stepwise executor are told: one struct of named fields for each. Element is the dtype of
/// what the caller sees (double, float, Float16 or BFloat16); sums and states are of type Accumulator<Element>. All
/// rows of H units are without gaps unless a stride is given, and pointers are aligned as an allocator's are unless
/// they are the caller's.
#pragma once

#include <cstdint>
#include <limits>
#include <type_traits>

#include "cuda/common/result_rows.h"
#include "recurrence/cells/lstm.h"
#include "recurrence/schedule.h"

namespace rondo {

/// What the loop remembers between steps. h has P units where it is projected, else H.
template <typename Element>
struct StepStates {
  Accumulator<Element>* h = nullptr;  ///< (B, H)
  Accumulator<Element>* c = nullptr;  ///< (B, H); null for a cell without it
  Element* operand = nullptr;         ///< like h: h as the recurrent product takes it; null where h itself will do
  bool* was_live = nullptr;           ///< (B): whether a row has been live at any step so far
};

/// The sums behind the gates at processing step s, without biases, and the biases.
template <typename Element>
struct StepSums {
  Schedule schedule = {};
  std::int64_t s = 0;
  std::int64_t H = 0;
  Activations activations = {};
  const Accumulator<Element>* input_sums = nullptr;  ///< (T, B, G H) by input step, `input_strides` apart: x W
  TimeBatchStrides input_strides = {};
  const Accumulator<Element>* recurrent_sums = nullptr;  ///< (B, G H): h U
  const Accumulator<Element>* bias = nullptr;            ///< (G H)
  const Accumulator<Element>* recurrent_bias = nullptr;  ///< (G H); looked at only where the Formula has two biases
};

/// What the gates of an LstmVariantFormula take besides.
template <typename Element>
struct LstmVariantStep {
  const Accumulator<Element>* peepholes = nullptr;  ///< (3, H), rows w_i w_f w_o; null: none
  Accumulator<Element> cell_clip = std::numeric_limits<Accumulator<Element>>::infinity();
};

/// Of all other cells.
struct NoVariantStep {};

template <typename Formula, typename Element>
using VariantStep = std::conditional_t<kIsLstmVariant<Formula>, LstmVariantStep<Element>, NoVariantStep>;

/// Brings the initial states in, and looks at the lengths. A run without initial states and with steps does without it.
template <typename Element>
struct LoadStates {
  Schedule schedule = {};
  std::int64_t h_units = 0;
  std::int64_t c_units = 0;                 ///< looked at only where there is c
  std::uint32_t* flags = nullptr;           ///< bits such as kLengthOutOfRange
  BatchRows<const Element> initial_h = {};  ///< absent: zeros
  BatchRows<const Element> initial_c = {};
  StepStates<Element> states = {};
};

/// Makes the operand of the candidate's product in a GRU that resets before it.
template <typename Element>
struct ResetStep {
  StepSums<Element> sums = {};
  const Accumulator<Element>* h = nullptr;  ///< (B, H)
  Element* reset_operand = nullptr;         ///< (B, H): r * h
};

/// Advances all rows by one step, and emits their outputs.
template <typename Formula, typename Element>
struct GateStep {
  StepSums<Element> sums = {};
  StepStates<Element> states = {};
  /// States are zeros, h U too, and none of them has been written yet: the first step without initial states.
  bool from_zeros = false;
  [[no_unique_address]] VariantStep<Formula, Element> variant = {};
  std::uint32_t* flags = nullptr;    ///< bits such as kLengthOutOfRange, at a fresh step; else null
  ResultRows<Element> results = {};  ///< absent but at the last step
  Element* y = nullptr;              ///< (T, B, H) by write time, `y_strides` apart; null: no sequence is wanted
  TimeBatchStrides y_strides = {};
};

/// GateStep where no row can be dead, because there is neither mask nor lengths: all rows then read and write one time
/// step, whose addresses the host works out. Few and small arguments, because a launch waits for each cache line of
/// them.
template <typename Formula, typename Element>
struct AllLiveGateStep {
  std::int32_t B = 0;
  std::int32_t H = 0;
  Activations activations = {};
  bool from_zeros = false;  ///< as in GateStep
  bool last = false;        ///< results are wanted
  [[no_unique_address]] VariantStep<Formula, Element> variant = {};
  const Accumulator<Element>* input_sums = nullptr;      ///< (B, G H) of this step, rows `input_stride` apart
  const Accumulator<Element>* recurrent_sums = nullptr;  ///< (B, G H)
  const Accumulator<Element>* bias = nullptr;
  const Accumulator<Element>* recurrent_bias = nullptr;
  std::int64_t input_stride = 0;
  std::int64_t next_inputs = 0;       ///< from a row of this step to the same row of the next; 0 at the last
  Accumulator<Element>* h = nullptr;  ///< as in StepStates
  Accumulator<Element>* c = nullptr;
  Element* operand = nullptr;
  Element* y = nullptr;  ///< (B, H) of this step, or null
  std::int64_t y_stride = 0;
  ResultRows<Element> results = {};
};

/// The gates of an LSTM whose h is projected: advances c, and makes what is multiplied with the projection.
template <typename Element>
struct UnprojectedStep {
  StepSums<Element> sums = {};
  LstmVariantStep<Element> variant = {};
  bool from_zeros = false;            ///< as in GateStep
  Accumulator<Element>* c = nullptr;  ///< (B, H)
  Element* operand = nullptr;         ///< (B, H): o act(c), also of dead rows, where nobody looks at what comes of it
  BatchRows<Element> final_c = {};    ///< absent but at the last step
};

/// Keeps and emits a projected h: all that a GateStep does besides the gates.
template <typename Element>
struct ProjectedStep {
  Schedule schedule = {};
  std::int64_t s = 0;
  std::int64_t P = 0;
  const Accumulator<Element>* sums = nullptr;  ///< (B, P): the product with the projection
  Accumulator<Element> clip = std::numeric_limits<Accumulator<Element>>::infinity();
  StepStates<Element> states = {};  ///< without c
  bool from_zeros = false;          ///< as in GateStep, and so are the next four
  std::uint32_t* flags = nullptr;
  ResultRows<Element> results = {};  ///< without c
  Element* y = nullptr;              ///< (T, B, P)
  TimeBatchStrides y_strides = {};
};

/// Takes the results out of a run without steps.
template <typename Element>
struct StoreResults {
  std::int64_t B = 0;
  std::int64_t h_units = 0;
  std::int64_t c_units = 0;  ///< looked at only where there is c
  StepStates<Element> states = {};
  ResultRows<Element> results = {};
};

}  // namespace rondo
