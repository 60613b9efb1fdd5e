/// The gradients of a layer's call.
#pragma once

#include <functional>
#include <utility>
#include <vector>

#include "rondo/keras/rnn.h"
#include "rondo/tensor/tensor.h"
#include "rondo/vocabulary/error.h"

namespace rondo {

/// The gradients of a number, the loss, with respect to what a call of a layer read. Each has the shape, dtype and
/// device of what it is the gradient of, and its memory is the caller's alone.
struct LayerGradients {
  Nest inputs = {};           ///< zeros at dead steps
  States initial_state = {};  ///< in the form of CallOptions::initial_state; empty where the call was given none
  States reset_state = {};    ///< in the form of CallOptions::reset_state; empty where the call was given none
  Constants constants = {};   ///< in the form of CallOptions::constants
  /// In the order of Keras's `get_weights()`: of each cell, bottom first, what KnownCell::set_weights takes, or a
  /// cell of the caller's has in Cell::weight_list; of a Bidirectional the forward layer's, then the backward layer's.
  std::vector<Tensor> weights = {};
};

/// Computes the gradients of one call, with the gradients of its results. A copy is the same pullback. It may be called
/// any number of times, also after other calls of the layer and by several threads, and returns the same bits each
/// time.
///
/// A pullback owns the memory that the call has kept for it, and views what the call was given: the elements of the
/// inputs, mask, lengths, resets, reset states and weights must not change before the last call of the pullback. On a
/// CUDA device it runs on the thread's current stream, which must be ordered behind the call's.
///
/// @code
/// RecurrentWeights weights = {.kernel = Tensor::full({3, 16}, 0.1, DType::f32),
///                             .recurrent_kernel = Tensor::full({4, 16}, 0.1, DType::f32),
///                             .bias = Tensor::zeros({16}, DType::f32)};
/// LSTM lstm({.units = 4}, weights);
/// Tensor x = Tensor::full({2, 5, 3}, 1.0, DType::f32);  // (B, T, I)
/// LayerResult result = lstm(x, {.gradients = true});
///
/// // The loss is the sum of the output: its gradient is 1 for each element.
/// LayerGradients gradients = result.pullback(Tensor::full({2, 4}, 1.0, DType::f32));
/// Tensor d_x = gradients.inputs;                 // (B, T, I)
/// Tensor d_kernel = gradients.weights[0];        // (I, 4 H)
/// @endcode
class Pullback {
 public:
  using Function = std::function<LayerGradients(const Nest& d_output, const States& d_states)>;

  /// The pullback of a call without CallOptions::gradients, which cannot be called.
  Pullback() = default;
  explicit Pullback(Function function) : function_(std::move(function)) {}

  /// `d_output` is the gradient of LayerResult::output, and `d_states` has those of LayerResult::states, in their
  /// structure. An empty nest or list stands for zeros, as do a single state that is an empty nest, and an undefined
  /// leaf. Throws `ValueError` for an empty pullback, naming the argument for another structure, shape, dtype or device
  /// than its result has, for gradients of states that the layer did not return, and for weights that were reloaded
  /// since the call.
  LayerGradients operator()(const Nest& d_output, const States& d_states = {}) const {
    if (function_) return function_(d_output, d_states);
    throw ValueError("pullback", "that of a call without gradients", "CallOptions::gradients in the call");
  }
  /// Whether the call had CallOptions::gradients.
  explicit operator bool() const { return static_cast<bool>(function_); }

 private:
  Function function_;
};

}  // namespace rondo
