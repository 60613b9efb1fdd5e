/// Checks of the sequence arguments of rnn() and of the layers.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "rondo/keras/rnn.h"

namespace rondo {

/// The sizes that all leaves of the inputs share, and the axes of time and batch.
struct SequenceSizes {
  std::int64_t T = 0;
  std::int64_t B = 0;
  int time_axis = 1;
  int batch_axis = 0;
  DType dtype = DType::f32;  ///< the dtype of the first leaf
  Device device = {};
  std::int64_t packed_rows = -1;  ///< N of packed inputs, whose axes are not T and B

  bool packed() const { return packed_rows >= 0; }
};

/// The inputs of a call after check_inputs. Each API calls check_inputs once, and all functions below take this type.
struct CheckedSequence {
  Nest inputs;
  SequenceSizes sizes;

  bool time_major() const { return sizes.time_axis == 0; }
};

/// Checks inputs. Throws `ValueError` for no leaves, a leaf of rank below 3, and leaves that disagree on T, B or
/// device.
CheckedSequence check_inputs(const Nest& inputs, bool time_major);

/// Checks packed inputs, one tensor (N, I). Throws `ValueError` for another rank, and for sizes or indices that do not
/// give T and B: all else is checked by the run.
CheckedSequence check_packed_inputs(const Nest& inputs, const Tensor& batch_sizes,
                                    const std::optional<Tensor>& row_indices);

/// `mask`, or another argument with an element for each time step and row, as a boolean (T, B): a view if it is boolean
/// already. Throws `ValueError` for a shape that RnnOptions::mask does not name, and for another device than the
/// inputs'.
Tensor time_major_mask(const std::string& name, const Tensor& mask, const SequenceSizes& sizes);

/// Throws `ValueError` unless `lengths` is (B,) of i32 or i64, on any device. The values are not read.
void check_lengths(const std::string& name, const Tensor& lengths, const SequenceSizes& sizes);

/// Reads the values of `lengths` on the host. Throws `ValueError` naming the first value outside 0 .. T.
std::vector<std::int64_t> lengths_within_steps(const std::string& name, const Tensor& lengths,
                                               const SequenceSizes& sizes);

/// `lengths` in the form that executors take: (B,) of i32 on the inputs' device. Throws `ValueError` as check_lengths
/// and lengths_within_steps.
Tensor checked_lengths(const std::string& name, const Tensor& lengths, const SequenceSizes& sizes);

/// Throws `ValueError` for a state of the wrong first axis, which is B, or on another device than the inputs.
void check_initial_states(const States& states, const SequenceSizes& sizes);

/// What resets replace `states` by, in a form that broadcasts to them: zeros where `given` is empty. Throws
/// `ValueError` unless `given` has the structure, dtypes and devices of `states`, and each tensor the shape of its
/// state or that shape without the batch axis.
States checked_reset_state(const std::string& name, const States& given, const States& states);

/// Throws `ValueError` for a reset state without resets.
void check_reset_state_has_resets(bool has_resets, const States& reset_state);

/// Throws `ValueError` if `masked`, that is with a mask or lengths, and there are no states.
void check_mask_has_states(bool masked, const States& states);

/// Throws `ValueError` unless `inputs` is a tensor of rank 3, packed 2, with the width, dtype and device of `kernel`
/// (I, ...).
void check_fits_kernel(const Nest& inputs, const Tensor& kernel, int rank = 3);

/// `x`, or a copy of it if the features of one step have gaps: executors take any other strides.
Tensor with_packed_features(const Tensor& x);

/// A view that changes the caller's layout to (T, B, ...), or the reverse.
Tensor swap_layout(const Tensor& x, bool time_major);

/// Throws `ValueError` unless `states` has the structure, shapes, dtypes and devices of `expected`. The message names
/// the first state that differs as `name[k]`.
void check_states(const std::string& name, const States& states, const States& expected);

}  // namespace rondo
