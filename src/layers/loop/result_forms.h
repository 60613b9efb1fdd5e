/// The forms of results, which gradients of the results must have.
#pragma once

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

/// The gradients of the results of a call.
struct ResultGradients {
  Nest output;    ///< absent: zeros
  States states;  ///< empty: zeros
};

/// The forms of what a call returned.
class ResultForms {
 public:
  ResultForms() = default;
  ResultForms(const Nest& output, const States& states);

  /// The gradients with zeros in place of single states that are absent and of undefined leaves. Throws `ValueError`
  /// unless the others have the structures, shapes, dtypes and devices of the results. The message names `d_output` or
  /// the first of `d_states` that differs.
  ResultGradients completed(const Nest& d_output, const States& d_states) const;

 private:
  Tree<TensorForm> output_;
  std::vector<Tree<TensorForm>> states_;
};

/// Whether a nest has no leaves, and as a gradient stands for zeros.
inline bool is_absent(const Nest& gradient) { return !gradient.is_leaf() && gradient.children().empty(); }

/// The form of each tensor of a nest.
Tree<TensorForm> forms_of(const Nest& tensors);

}  // namespace rondo
