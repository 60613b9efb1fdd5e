/// The forms of results, which gradients of the results must have.
#pragma once

#include <string>
#include <vector>

#include "rondo/keras/rnn.h"
#include "rondo/tensor/nest.h"

namespace rondo {

/// The shape, dtype and device of a tensor, without its memory.
struct TensorForm {
  Shape shape;
  DType dtype;
  Device device;
};

/// The forms of what a call returned.
class ResultForms {
 public:
  ResultForms() = default;
  ResultForms(const Nest& output, const States& states);

  /// Throws `ValueError` unless the gradients are absent or have the structures, shapes, dtypes and devices of the
  /// results. The message names `d_output` or the first of `d_states` that differs.
  void check(const Nest& d_output, const States& d_states) const;

 private:
  Tree<TensorForm> output_;
  std::vector<Tree<TensorForm>> states_;
};

/// Whether a nest has no leaves, and as a gradient stands for zeros.
inline bool is_absent(const Nest& gradient) { return !gradient.is_leaf() && gradient.children().empty(); }

/// The form of each tensor of a nest.
Tree<TensorForm> forms_of(const Nest& tensors);

/// Throws `ValueError` unless `gradient` has the structure, shapes, dtypes and devices of `forms`.
void check_gradient(const std::string& name, const Nest& gradient, const Tree<TensorForm>& forms);

}  // namespace rondo
