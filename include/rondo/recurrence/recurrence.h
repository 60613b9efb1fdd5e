/// What a recurrence over time is, independent of any API and any machine.
///
///     for s in 0 .. T-1, for each row b:   t = read time of (s, b)
///         a new piece begins:  states = reset state, and there is no previous output
///         live:  output, states = cell(x[t, b], states)
///         dead:  states are kept, output is what TimeRules::dead says
///         y[write time of (s, b), b] = output
///
/// T time steps, B batch rows, I input features, H units: all headers use these letters.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "rondo/recurrence/cell_spec.h"
#include "rondo/recurrence/time_rules.h"
#include "rondo/tensor/tensor.h"
#include "rondo/vocabulary/device.h"
#include "rondo/vocabulary/dtype.h"

namespace rondo {

/// Weights in Keras's layout, G = gate_count: kernel (I, G H), recurrent_kernel (H, G H), bias (G H), or (2, G H) where
/// bias_rows is 2 (row 0 is added to x W, row 1 to h U). `bias` is absent when `use_bias` is false. With a projection
/// recurrent_kernel is (P, G H).
struct RecurrentWeights {
  Tensor kernel;
  Tensor recurrent_kernel;
  std::optional<Tensor> bias = std::nullopt;
  std::optional<Tensor> peepholes = std::nullopt;   ///< (3, H), rows w_i w_f w_o; iff `use_peepholes`
  std::optional<Tensor> projection = std::nullopt;  ///< (H, P); iff `projection_units`

  /// Applies `function` to each weight that is present.
  RecurrentWeights map(const std::function<Tensor(const Tensor&)>& function) const;
  /// Returns these weights on `device`; weights that are on `device` already are not copied.
  RecurrentWeights to(Device device) const;
};

/// Throws `ValueError` naming the weight whose shape or dtype does not fit `cell`, the shape and dtype given, and those
/// expected; also throws as check_cell.
void check_weights(const CellSpec& cell, const RecurrentWeights& weights);

/// What a run keeps in its reserve, for the gradients of Session::backward. docs/guide/training.md has the memory and
/// the time of each.
enum class Keep : std::uint8_t {
  nothing,  ///< no reserve; there are no gradients
  states,   ///< the states before each step: gradients compute the gates again
  gates     ///< these states and the gates
};

/// The name: "nothing", "states", "gates".
std::string to_string(Keep keep);

/// A whole recurrence: all that an executor must know before a run.
struct RecurrenceSpec {
  CellSpec cell = {};
  std::int64_t T = 0;
  std::int64_t B = 0;
  std::int64_t I = 0;
  DType dtype = DType::f32;              ///< the dtype of x, weights, states and outputs
  MatrixMath math = MatrixMath::strict;  ///< how products of f32 are computed
  Device device = {};
  TimeRules rules = {};
  bool has_mask = false;     ///< each run takes a boolean mask with an element for each time step and row
  bool has_lengths = false;  ///< each run takes a length for each row; a row is live where mask and length both say so
  bool has_resets = false;   ///< each run takes a boolean tensor with an element for each time step and row, which is
                             ///< true where a row begins a new piece
  /// Each run takes x, y and resets packed, as PyTorch's PackedSequence has them: (N, features), the rows of step 0,
  /// then those of step 1, and so on, with `batch_sizes`. Rows end at their lengths, which follow from the sizes; there
  /// are no masks, and rows that are read in reverse are read within their lengths.
  bool packed = false;
  /// Rows of the states and of the last output, where they hold more rows than a run has: each run then names the B
  /// that it takes, in `row_indices`, and leaves the others as they are. Fewer rows than B may have steps, and
  /// `batch_sizes` may end in zeros. The batch is packed and read forward, and there are no gradients. 0: the states
  /// have B rows.
  std::int64_t state_rows = 0;
  Keep keep = Keep::nothing;  ///< what each run keeps in SessionTensors::reserve
  /// With Keep::states: the states are kept before every `segment`-th processing step alone, and gradients run each
  /// segment again. The memory is least for the square root of T. 0: they are kept before each step.
  std::int64_t segment = 0;
  /// On a CUDA device: what a run keeps lies in page-locked memory of the host. Chunks of steps are copied there while
  /// the run goes on, and fetched a chunk ahead by the gradients. Device memory has two chunks at a time.
  /// `cuda_stepwise` alone does that, with the bits that it has without; other executors decline, so that results may
  /// differ by rounding where a plan would have chosen one of them. Not with `segment`. On the CPU, or where nothing is
  /// kept, it has no effect.
  bool swap_memory = false;

  bool operator==(const RecurrenceSpec&) const = default;
};

/// One line: "lstm (peepholes, projection P=8) H=32 I=3 T=100 B=8 f32, reversed, mask, ... on cpu".
std::string to_string(const RecurrenceSpec& spec);

}  // namespace rondo
