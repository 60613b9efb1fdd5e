/// What rnn() and the layers ask of their sequence arguments, checked in one place.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "rondo/keras/rnn.h"

namespace rondo {

/// The sizes every leaf of the inputs shares, and where they are.
struct SequenceSizes {
  std::int64_t T = 0;
  std::int64_t B = 0;
  int time_axis = 1;
  int batch_axis = 0;
  DType dtype = DType::f32;  ///< of the first leaf
  Device device = {};
};

/// The inputs of a call after check_inputs, which each API calls once: whatever is below takes the inputs in this form.
struct CheckedSequence {
  Nest inputs;
  SequenceSizes sizes;

  bool time_major() const { return sizes.time_axis == 0; }
};

/// Throws `ValueError` for inputs without leaves, a leaf of rank below 3, and leaves that disagree on T, B or device.
CheckedSequence check_inputs(const Nest& inputs, bool time_major);

/// `mask` as a boolean (T, B) view; throws `ValueError` for another shape than the four that RnnOptions::mask names.
Tensor time_major_mask(const Tensor& mask, const SequenceSizes& sizes);

/// Throws `ValueError` unless `lengths` is (B,) of i32 or i64, on any device. Its values are not looked at.
void check_lengths(const std::string& name, const Tensor& lengths, const SequenceSizes& sizes);

/// The values of `lengths` on the host; throws `ValueError` naming the first outside 0 .. T.
std::vector<std::int64_t> lengths_within_steps(const std::string& name, const Tensor& lengths,
                                               const SequenceSizes& sizes);

/// `lengths` as executors take them: (B,) of i32 on the inputs' device. Throws `ValueError` as the two functions above.
Tensor checked_lengths(const std::string& name, const Tensor& lengths, const SequenceSizes& sizes);

/// Throws `ValueError` for a mask, or lengths in place of it, without states.
void check_mask_has_states(bool masked, const States& states);

/// Throws `ValueError` unless `inputs` is a tensor of rank 3 that a product with `kernel` (I, ...) takes.
void check_fits_kernel(const Nest& inputs, const Tensor& kernel);

/// Executors take any strides but want the features of one step side by side: `x`, or a copy of it.
Tensor with_packed_features(const Tensor& x);

/// Between the caller's layout and (T, B, ...), in either direction: a view.
Tensor swap_layout(const Tensor& x, bool time_major);

/// Throws `ValueError` unless `states` has the structure, shapes and dtypes of `expected`, naming the first that
/// differs as `name[k]`.
void check_states(const std::string& name, const States& states, const States& expected);

}  // namespace rondo
