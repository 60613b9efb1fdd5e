/// The arguments of the kernels of the stepwise executor: one struct of named fields for each. Element is the type of
/// the caller's elements (double, float, Float16 or BFloat16); sums and states are of type ComputeType<Element>. All
/// rows of H units are without gaps unless a stride is given, and pointers are aligned as an allocator's are unless
/// they are the caller's.
#pragma once

#include <cstdint>
#include <limits>
#include <type_traits>

#include "cuda/common/kept_rows.h"
#include "cuda/common/result_rows.h"
#include "recurrence/cells/lstm.h"
#include "recurrence/schedule.h"

namespace rondo {

/// What the loop keeps between steps. h has P units where it is projected, else H.
template <typename Element>
struct StepStates {
  ComputeType<Element>* h = nullptr;  ///< (B, H)
  ComputeType<Element>* c = nullptr;  ///< (B, H); null for a cell without it
  Element* operand = nullptr;  ///< shaped like h: h as the recurrent product takes it; null where that is h itself
  /// (B), or with resets (2, B): whether a row has been live in its piece so far. With resets step s reads the plane
  /// s % 2 and writes the other one, because then threads of a row may read what another thread of it replaces.
  bool* was_live = nullptr;
};

/// What a reset replaces the states by, in the caller's rows; absent: zeros.
template <typename Element>
struct PieceStates {
  BatchRows<const Element> h = {};
  BatchRows<const Element> c = {};
};

/// The sums behind the gates at processing step s, without biases, and the biases.
template <typename Element>
struct StepSums {
  Schedule schedule = {};
  std::int64_t s = 0;
  std::int64_t H = 0;
  Activations activations = {};
  const ComputeType<Element>* input_sums = nullptr;  ///< (T, B, G H) by input step, `input_strides` apart: x W
  TimeBatchStrides input_strides = {};
  const ComputeType<Element>* recurrent_sums = nullptr;  ///< (B, G H): h U
  const ComputeType<Element>* bias = nullptr;            ///< (G H)
  const ComputeType<Element>* recurrent_bias = nullptr;  ///< (G H); read only where the Formula has two biases
};

/// The further arguments of the gates of an LstmVariantFormula.
template <typename Element>
struct LstmVariantStep {
  const ComputeType<Element>* peepholes = nullptr;  ///< (3, H), rows w_i w_f w_o; null: none
  ComputeType<Element> cell_clip = std::numeric_limits<ComputeType<Element>>::infinity();
};

/// Other formulas have no further arguments.
struct NoVariantStep {};

template <typename Formula, typename Element>
using VariantStep = std::conditional_t<kIsLstmVariant<Formula>, LstmVariantStep<Element>, NoVariantStep>;

/// Copies the initial states into h and c, and checks the lengths. A run without initial states needs this kernel only
/// where it has no steps.
template <typename Element>
struct LoadStates {
  Schedule schedule = {};
  std::int64_t h_units = 0;
  std::int64_t c_units = 0;                 ///< read only where the cell has c
  std::uint32_t* flags = nullptr;           ///< bits such as kLengthOutOfRange
  BatchRows<const Element> initial_h = {};  ///< absent: zeros
  BatchRows<const Element> initial_c = {};
  PieceStates<Element> piece = {};  ///< of rows that begin a piece before the first step
  StepStates<Element> states = {};
};

/// Makes the operand of the candidate's product in a GRU that resets before it.
template <typename Element>
struct ResetStep {
  StepSums<Element> sums = {};
  const ComputeType<Element>* h = nullptr;  ///< (B, H)
  Element* reset_operand = nullptr;         ///< (B, H): r * h
};

/// Advances all rows by one step, and emits their outputs.
template <typename Formula, typename Element>
struct GateStep {
  StepSums<Element> sums = {};
  StepStates<Element> states = {};
  PieceStates<Element> piece = {};
  /// Whether this is the first step of a run without initial states: states and h U are zeros, which no kernel has
  /// written.
  bool from_zeros = false;
  [[no_unique_address]] VariantStep<Formula, Element> variant = {};
  std::uint32_t* flags = nullptr;    ///< bits such as kLengthOutOfRange, at a step from zeros; else null
  ResultRows<Element> results = {};  ///< at the last step alone
  Element* y = nullptr;              ///< (T, B, H) by write time, `y_strides` apart; null: no sequence is wanted
  TimeBatchStrides y_strides = {};
};

/// GateStep where no row can be dead, because the run has neither mask nor lengths: all rows then read and write the
/// same time step, whose addresses the host computes. The arguments are few and small, because a launch waits for each
/// of their cache lines.
template <typename Formula, typename Element>
struct AllLiveGateStep {
  std::int32_t B = 0;
  std::int32_t H = 0;
  Activations activations = {};
  bool from_zeros = false;  ///< as in GateStep
  bool last = false;        ///< whether results are wanted
  [[no_unique_address]] VariantStep<Formula, Element> variant = {};
  const ComputeType<Element>* input_sums = nullptr;      ///< (B, G H) of this step, rows `input_stride` apart
  const ComputeType<Element>* recurrent_sums = nullptr;  ///< (B, G H)
  const ComputeType<Element>* bias = nullptr;
  const ComputeType<Element>* recurrent_bias = nullptr;
  std::int64_t input_stride = 0;
  std::int64_t next_inputs = 0;       ///< from a row of this step to that row of the next step; 0 at the last step
  ComputeType<Element>* h = nullptr;  ///< as in StepStates
  ComputeType<Element>* c = nullptr;
  Element* operand = nullptr;
  Element* y = nullptr;  ///< (B, H) of this step, or null
  std::int64_t y_stride = 0;
  ResultRows<Element> results = {};
};

/// The gates of an LSTM whose h is projected: advances c, and makes the operand of the product with the projection.
template <typename Element>
struct UnprojectedStep {
  StepSums<Element> sums = {};
  LstmVariantStep<Element> variant = {};
  bool from_zeros = false;            ///< as in GateStep
  ComputeType<Element>* c = nullptr;  ///< (B, H)
  BatchRows<const Element> piece_c = {};
  Element* operand = nullptr;       ///< (B, H): o act(c), also of dead rows, whose product is not used
  BatchRows<Element> final_c = {};  ///< at the last step alone
};

/// Keeps and emits a projected h, as GateStep does with the h that it computes.
template <typename Element>
struct ProjectedStep {
  Schedule schedule = {};
  std::int64_t s = 0;
  std::int64_t P = 0;
  const ComputeType<Element>* sums = nullptr;  ///< (B, P): the product with the projection
  ComputeType<Element> clip = std::numeric_limits<ComputeType<Element>>::infinity();
  StepStates<Element> states = {};  ///< without c
  PieceStates<Element> piece = {};  ///< without c
  bool from_zeros = false;          ///< as in GateStep, like the next four
  std::uint32_t* flags = nullptr;
  ResultRows<Element> results = {};  ///< without c
  Element* y = nullptr;              ///< (T, B, P)
  TimeBatchStrides y_strides = {};
};

/// A step that also writes what the gradients need to the reserve. Step is a GateStep, an UnprojectedStep, which keeps
/// gates and c, or a ProjectedStep, which keeps h.
template <typename Step>
struct Keeping : Step {
  KeptRows kept = {};
};

/// Writes the results of a run without steps.
template <typename Element>
struct StoreResults {
  Schedule schedule = {};
  std::int64_t h_units = 0;
  std::int64_t c_units = 0;  ///< read only where the cell has c
  StepStates<Element> states = {};
  ResultRows<Element> results = {};
};

}  // namespace rondo
