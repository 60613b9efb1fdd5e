#include "layers/loop/sequence_arguments.h"

#include <algorithm>
#include <span>

#include "rondo/ops/ops.h"
#include "rondo/vocabulary/error.h"
#include "tensor/requirement.h"

namespace rondo {
namespace {

/// Calls `visit(name, leaf, expected leaf)` for each tensor of `states`. Throws `ValueError` unless they have the
/// number and the structures of `expected`.
template <typename Visit>
void for_each_leaf(const std::string& name, const States& states, const States& expected, const Visit& visit) {
  if (states.size() != expected.size()) {
    throw ValueError(name, std::to_string(states.size()) + " states", std::to_string(expected.size()));
  }
  for (std::size_t k = 0; k < states.size(); ++k) {
    const std::string which = name + "[" + std::to_string(k) + "]";
    if (!states[k].same_structure(expected[k])) {
      throw ValueError(which, "the structure " + states[k].structure(), expected[k].structure());
    }
    const std::vector<Tensor> leaves = states[k].flatten();
    const std::vector<Tensor> expected_leaves = expected[k].flatten();
    for (std::size_t leaf = 0; leaf < leaves.size(); ++leaf) visit(which, leaves[leaf], expected_leaves[leaf]);
  }
}

}  // namespace

CheckedSequence check_inputs(const Nest& inputs, bool time_major) {
  const std::vector<Tensor> flat = inputs.is_leaf() ? std::vector<Tensor>() : inputs.flatten();
  const std::span<const Tensor> leaves = inputs.is_leaf() ? std::span(&inputs.leaf(), 1) : std::span(flat);
  if (leaves.empty()) throw ValueError("inputs", "no tensor", "at least one of rank 3 or more");
  const char* const layout = time_major ? "(T, B, ...)" : "(B, T, ...)";
  for (const Tensor& leaf : leaves) {
    if (!leaf.defined() || leaf.rank() < 3) {
      throw ValueError("inputs", describe(leaf), std::string("at least 3 axes: ") + layout);
    }
  }
  SequenceSizes sizes{.time_axis = time_major ? 0 : 1,
                      .batch_axis = time_major ? 1 : 0,
                      .dtype = leaves[0].dtype(),
                      .device = leaves[0].device()};
  sizes.T = leaves[0].size(sizes.time_axis);
  sizes.B = leaves[0].size(sizes.batch_axis);
  for (const Tensor& leaf : leaves) {
    if (leaf.size(sizes.time_axis) != sizes.T || leaf.size(sizes.batch_axis) != sizes.B ||
        leaf.device() != sizes.device) {
      throw ValueError("inputs", describe(leaf),
                       std::string(layout) + " with the T, B and device of the first, " + describe(leaves[0]));
    }
  }
  return {inputs, sizes};
}

CheckedSequence check_packed_inputs(const Nest& inputs, const Tensor& batch_sizes,
                                    const std::optional<Tensor>& row_indices) {
  if (!inputs.is_leaf() || !inputs.leaf().defined() || inputs.leaf().rank() != 2) {
    throw ValueError("inputs", inputs.is_leaf() ? describe(inputs.leaf()) : inputs.structure(),
                     "one tensor of rank 2: packed (N, I)");
  }
  const auto is_vector = [](const Tensor& tensor) {
    return tensor.defined() && tensor.rank() == 1 && tensor.device() == cpu() &&
           (tensor.dtype() == DType::i32 || tensor.dtype() == DType::i64);
  };
  const std::string expected = "i32 or i64 of rank 1 on cpu";
  if (!is_vector(batch_sizes)) throw ValueError("batch_sizes", describe(batch_sizes), expected);
  if (row_indices && !is_vector(*row_indices)) throw ValueError("row_indices", describe(*row_indices), expected);
  const Tensor& leaf = inputs.leaf();
  const std::int64_t T = batch_sizes.size(0);
  const std::int64_t first = T == 0 ? 0 : static_cast<std::int64_t>(batch_sizes.select(0, 0).item());
  return {inputs,
          {.T = T,
           .B = row_indices ? row_indices->size(0) : first,
           .time_axis = 0,
           .batch_axis = 1,
           .dtype = leaf.dtype(),
           .device = leaf.device(),
           .packed_rows = leaf.size(0)}};
}

Tensor time_major_mask(const std::string& name, const Tensor& mask, const SequenceSizes& sizes) {
  if (sizes.packed()) {
    check_tensor(mask, {name, {sizes.packed_rows}, std::nullopt, sizes.device});
    return mask.to(DType::boolean);
  }
  const Shape expected = sizes.time_axis == 0 ? Shape{sizes.T, sizes.B} : Shape{sizes.B, sizes.T};
  const bool fits = mask.defined() && (mask.shape() == expected || mask.shape() == expected.insert(2, 1)) &&
                    mask.device() == sizes.device;
  if (!fits) {
    throw ValueError(
        name, describe(mask),
        to_string(expected) + " or " + to_string(expected.insert(2, 1)) + " on " + to_string(sizes.device));
  }
  const Tensor flat = mask.rank() == 3 ? mask.erase_axis(2) : mask;
  return (sizes.time_axis == 0 ? flat : flat.swap_axes(0, 1)).to(DType::boolean);
}

void check_lengths(const std::string& name, const Tensor& lengths, const SequenceSizes& sizes) {
  const bool fits = lengths.defined() && lengths.shape() == Shape{sizes.B} &&
                    (lengths.dtype() == DType::i32 || lengths.dtype() == DType::i64);
  if (!fits) throw ValueError(name, describe(lengths), "i32 or i64 of shape (" + std::to_string(sizes.B) + ",)");
}

std::vector<std::int64_t> lengths_within_steps(const std::string& name, const Tensor& lengths,
                                               const SequenceSizes& sizes) {
  const std::vector<std::int64_t> values = lengths.to(DType::i64).to_vector<std::int64_t>();
  for (const std::int64_t length : values) {
    if (length < 0 || length > sizes.T) {
      throw ValueError(name, std::to_string(length), "lengths from 0 to T = " + std::to_string(sizes.T));
    }
  }
  return values;
}

Tensor checked_lengths(const std::string& name, const Tensor& lengths, const SequenceSizes& sizes) {
  check_lengths(name, lengths, sizes);
  (void)lengths_within_steps(name, lengths, sizes);
  return lengths.to(DType::i32).to(sizes.device);
}

void check_initial_states(const States& states, const SequenceSizes& sizes) {
  for (std::size_t k = 0; k < states.size(); ++k) {
    for (const Tensor& leaf : states[k].flatten()) {
      const bool fits =
          leaf.defined() && (leaf.rank() == 0 || leaf.size(0) == sizes.B) && leaf.device() == sizes.device;
      if (!fits) {
        throw ValueError("initial_states[" + std::to_string(k) + "]", describe(leaf),
                         "a first axis of B = " + std::to_string(sizes.B) + ", on " + to_string(sizes.device));
      }
    }
  }
}

States checked_reset_state(const std::string& name, const States& given, const States& states) {
  States result;
  for (const Nest& state : states) result.push_back(state.map([](const Tensor& leaf) { return zeros_like(leaf); }));
  if (given.empty()) return result;
  for_each_leaf(name, given, states, [](const std::string& which, const Tensor& leaf, const Tensor& state) {
    const bool one_row = leaf.defined() && leaf.rank() + 1 == state.rank();
    check_tensor(leaf, {which, one_row ? state.shape().erase(0) : state.shape(), state.dtype(), state.device()});
  });
  for (std::size_t k = 0; k < states.size(); ++k) {
    const std::vector<Tensor> like = states[k].flatten();
    std::size_t next = 0;
    result[k] = given[k].map(
        [&](const Tensor& leaf) { return leaf.rank() == like[next++].rank() ? leaf : leaf.insert_axis(0); });
  }
  return result;
}

void check_reset_state_has_resets(bool has_resets, const States& reset_state) {
  if (!has_resets && !reset_state.empty()) throw ValueError("reset_state", "some", "none, as no resets are given");
}

void check_mask_has_states(bool masked, const States& states) {
  if (masked && states.empty()) throw ValueError("initial_states", "none", "at least one, as a mask is given");
}

void check_fits_kernel(const Nest& inputs, const Tensor& kernel, int rank) {
  const Tensor& x = inputs.leaf();
  const bool fits =
      x.rank() == rank && x.size(-1) == kernel.size(0) && x.dtype() == kernel.dtype() && x.device() == kernel.device();
  if (!fits) {
    throw ValueError("inputs", describe(x),
                     to_string(kernel.dtype()) + ", rank " + std::to_string(rank) + ", last axis " +
                         std::to_string(kernel.size(0)) + " on " + to_string(kernel.device()) + ", to fit the weights");
  }
}

Tensor with_packed_features(const Tensor& x) { return x.size(-1) <= 1 || x.stride(-1) == 1 ? x : x.clone(); }

Tensor swap_layout(const Tensor& x, bool time_major) { return time_major ? x : x.swap_axes(0, 1); }

void check_states(const std::string& name, const States& states, const States& expected) {
  for_each_leaf(name, states, expected, [](const std::string& which, const Tensor& leaf, const Tensor& like) {
    check_tensor(leaf, {which, like.shape(), like.dtype(), like.device()});
  });
}

}  // namespace rondo
