/// The arguments of the kernels that compute gradients in the stepwise executor: one struct of named fields for each.
/// `rows` counts the rows of x in the order of the reserve, F stands for the units of h: P where h is projected, else
/// H. A name with d_ is a gradient. Element and ComputeType as in stepwise_arguments.h.
#pragma once

#include <cstdint>
#include <limits>

#include "cuda/common/kept_rows.h"
#include "cuda/common/result_rows.h"
#include "cuda/stepwise/stepwise_arguments.h"
#include "recurrence/schedule.h"
#include "rondo/vocabulary/device.h"

namespace rondo {

/// The gradient of one state after the current step, which the loop carries from step to step.
template <typename Element>
struct CarriedGradient {
  ComputeType<Element>* d_state = nullptr;     ///< (B, units)
  ComputeType<Element>* reset_sums = nullptr;  ///< (B, units): the gradients of the states that resets have put in
};

/// Copies the gradients of the final states, before the last step.
template <typename Element>
struct LoadGradients {
  Schedule schedule = {};
  std::int64_t h_units = 0;
  std::int64_t c_units = 0;  ///< 0 for a cell without c
  CarriedGradient<Element> h = {};
  CarriedGradient<Element> c = {};
  BatchRows<const Element> d_final_h = {};  ///< absent: zeros
  BatchRows<const Element> d_final_c = {};
};

/// Notes the steps up to which a row has been live in its piece.
struct NoteLive {
  Schedule schedule = {};
  bool* was_live = nullptr;  ///< (T, B) by processing step
};

/// Runs serially. Its kernel has no types, so that it is in a source of its own.
void launch_note_live(const NoteLive& note, Stream stream);

/// What the gradient of h at processing step s consists of.
template <typename Element>
struct ArrivingGradient {
  Schedule schedule = {};
  std::int64_t s = 0;
  std::int64_t units = 0;  ///< F
  CarriedGradient<Element> h = {};
  const ComputeType<Element>* product = nullptr;  ///< (B, F): dG U' of step s + 1, which is part of h; null: none
  const bool* was_live = nullptr;                 ///< of NoteLive; null where the time rules do not ask for it
  const Element* d_y = nullptr;                   ///< (T, B, F) by write time; null: zeros
  TimeBatchStrides d_y_strides = {};
  BatchRows<const Element> d_last_output = {};  ///< at the last step alone
};

/// Where the gradients of one step's sums go.
template <typename Element>
struct StepGradientRows {
  Element* input = nullptr;      ///< (rows, G H): of x W + b
  Element* recurrent = nullptr;  ///< (rows, G H): of h U + rb; null where it is the same
  Element* operand = nullptr;    ///< (B, G H): that of h U + rb again, where the rows of a step are not neighbours
};

/// The gradients of the gates at one step.
template <typename Formula, typename Element>
struct GateGradient {
  ArrivingGradient<Element> arriving = {};
  std::int64_t H = 0;
  Activations activations = {};
  KeptRows kept = {};
  [[no_unique_address]] VariantStep<Formula, Element> variant = {};
  CarriedGradient<Element> c = {};
  /// (B, H): the gradient of h before its projection or, in a GRU that resets before the candidate's product, of r h.
  const ComputeType<Element>* inner_product = nullptr;
  StepGradientRows<Element> rows = {};
};

/// The gradient of a projected h at one step.
template <typename Element>
struct ProjectedGradient {
  ArrivingGradient<Element> arriving = {};
  TimeBatchStrides x = {};                          ///< of x, for the rows of a packed one
  const ComputeType<Element>* projected = nullptr;  ///< (rows, P): h before its clip; null: there is no clip
  ComputeType<Element> clip = std::numeric_limits<ComputeType<Element>>::infinity();
  Element* d_projected = nullptr;  ///< (rows, P)
  Element* operand = nullptr;      ///< (B, P): the same, where the rows of a step are not neighbours
};

/// Writes the gradients of the states before the first step, and adds those that a reset there takes to the sums.
template <typename Element>
struct StoreGradients {
  Schedule schedule = {};
  std::int64_t h_units = 0;
  std::int64_t c_units = 0;
  CarriedGradient<Element> h = {};
  CarriedGradient<Element> c = {};
  const ComputeType<Element>* product = nullptr;  ///< (B, F): of the first step; null: there were no steps
  BatchRows<Element> d_initial_h = {};
  BatchRows<Element> d_initial_c = {};
  BatchRows<Element> d_reset_h = {};  ///< a row for each row of the batch
  BatchRows<Element> d_reset_c = {};
};

/// Copies rows of x, with zeros where a row is dead: zero gradients do not cancel a NaN.
template <typename Element>
struct LiveInputs {
  Schedule schedule = {};
  std::int64_t I = 0;
  const Element* x = nullptr;
  TimeBatchStrides x_strides = {};
  Element* target = nullptr;  ///< (rows, I)
};

/// LiveInputs, of h before each of the kept steps, or of r h.
template <typename Element>
struct LiveStates {
  Schedule schedule = {};
  std::int64_t units = 0;  ///< F
  KeptRows kept = {};
  int factor = -1;            ///< which of the kept gates is r; below 0: none
  Activation gate = {};       ///< the activation of r
  int kept_gates = 0;         ///< kKept of the formula
  Element* target = nullptr;  ///< (rows, F)
};

/// Computes again, for the kept steps of an LSTM, what the gradients of its projection and of its peepholes read. Zeros
/// where a row is dead.
template <typename Element>
struct VariantRows {
  Schedule schedule = {};
  std::int64_t H = 0;
  Activations activations = {};
  KeptRows kept = {};
  LstmVariantStep<Element> variant = {};
  Element* unprojected = nullptr;           ///< (rows, H): h before its projection; null: not wanted
  ComputeType<Element>* c_pairs = nullptr;  ///< (rows, 2, H): c before and after the step; null: not wanted
};

/// The gradients of the peepholes, in parts of the rows.
template <typename Element>
struct PeepholeSums {
  Schedule schedule = {};
  std::int64_t H = 0;
  TimeBatchStrides x = {};                        ///< of x, for the rows of a packed one
  const ComputeType<Element>* c_pairs = nullptr;  ///< of VariantRows
  const Element* d_gates = nullptr;               ///< (rows, G H)
  std::int64_t part_length = 0;
  ComputeType<Element>* parts = nullptr;  ///< (parts, 3, H)
};

/// Copies (rows, width) into a sequence with other strides.
template <typename Element>
struct SpreadRows {
  std::int64_t T = 0;
  std::int64_t B = 0;
  std::int64_t width = 0;
  const Element* source = nullptr;  ///< (T B, width)
  Element* target = nullptr;
  TimeBatchStrides strides = {};
  bool accumulate = false;               ///< adds to the target, but after a stall, as AddParts
  const std::uint32_t* flags = nullptr;  ///< as in AddParts
};

}  // namespace rondo
