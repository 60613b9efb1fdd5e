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

/// Throws `ValueError` for inputs without leaves, a leaf of rank below 3, and leaves that disagree on T, B or device.
SequenceSizes check_inputs(const Nest& inputs, bool time_major);

/// `mask` as a boolean (T, B) view; throws `ValueError` for another shape than the four that RnnOptions::mask names.
Tensor time_major_mask(const Tensor& mask, const SequenceSizes& sizes);

/// `input_length` as a boolean (T, B) mask: true where t is below the row's length. Throws `ValueError` for a shape
/// other than (B,), a dtype other than i32 and i64, and lengths outside 0 .. T.
Tensor length_mask(const std::variant<std::int64_t, Tensor>& input_length, const SequenceSizes& sizes);

/// Throws `ValueError` unless `lengths` is (B,) of i32 or i64, on any device. Its values are not looked at.
void check_lengths(const std::string& name, const Tensor& lengths, const SequenceSizes& sizes);

/// The values of `lengths` on the host; throws `ValueError` naming the first outside 0 .. T.
std::vector<std::int64_t> lengths_within_steps(const std::string& name, const Tensor& lengths,
                                               const SequenceSizes& sizes);

/// `mask`, or else the mask that `lengths` stand for, in the caller's layout. Throws `ValueError` for both, and for
/// lengths as length_mask.
std::optional<Tensor> mask_or_lengths(const std::optional<Tensor>& mask, const std::optional<Tensor>& lengths,
                                      const SequenceSizes& sizes);

/// Throws `ValueError` for a mask without states.
void check_mask_has_states(const std::optional<Tensor>& mask, const States& states);

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
