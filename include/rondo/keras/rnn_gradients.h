/// The gradients of `keras.backend.rnn`, for a step function that brings its own.
#pragma once

#include <functional>
#include <utility>

#include "rondo/keras/rnn.h"
#include "rondo/tensor/nest.h"

namespace rondo {

/// The gradients of a number, the loss, with respect to the arguments of one step, each in the structure of its
/// argument. A leaf that is an undefined Tensor, and an empty nest or list, stand for zeros. Gradients of integers and
/// booleans are not read.
struct StepGradients {
  Nest inputs = {};
  States states = {};
  Constants constants = {};
};

/// Computes the gradients of one step from those of its output and of its new states, which are zeros where the loss
/// does not depend on them. It may be called any number of times.
using StepPullback = std::function<StepGradients(const Nest& d_output, const States& d_states)>;

/// What a step returns, with its pullback.
struct StepWithPullback {
  Nest output;
  States states;
  StepPullback pullback;
};

/// A step function that brings its gradients. All that wants a gradient is an input, a state or a constant: weights are
/// constants.
using DifferentiableStep =
    std::function<StepWithPullback(const Nest& inputs, const States& states, const Constants& constants)>;

/// The gradients of the loss with respect to an RnnResult, each in the structure of its result. An empty nest or list,
/// and an undefined leaf, stand for zeros.
struct RnnResultGradients {
  Nest last_output = {};
  Nest outputs = {};
  States new_states = {};
};

/// The gradients of the loss with respect to the arguments of rnn_with_pullback, each in the structure, shape and dtype
/// of its argument. Those of integers and booleans are zeros.
struct RnnGradients {
  Nest inputs = {};  ///< zeros at dead steps
  States initial_states = {};
  States reset_state = {};  ///< empty where RnnOptions::reset_state is
  Constants constants = {};
};

/// Computes the gradients of one call, in any thread and any number of times.
using RnnPullback = std::function<RnnGradients(const RnnResultGradients& given)>;

/// Results of rnn_with_pullback.
struct RnnWithPullback {
  RnnResult result;
  RnnPullback pullback;
};

/// As rnn(), and the gradients of its results: the step brings the gradients of one step, and Rondo carries them
/// through the loop, in reverse, with its masks, resets, order of time and emissions. The pullback keeps those of all T
/// steps, and what they keep.
///
/// Nothing that a dead row reads reaches a gradient, even NaN: `step` reads zeros there in place of the row's inputs,
/// and what its pullback returns for that row is discarded. `unroll` and `graphs` have no effect. Throws as rnn(), and
/// `ValueError` for a step without a pullback. The pullback throws `ValueError` naming a gradient, of a result or of
/// those that the step's pullback returned, whose structure, shape, dtype or device is another than it must be.
///
/// @code
/// // h' = tanh(x W + h), with W as a constant: da = dh' (1 - h'^2), dx = da W', dh = da, dW = x' da.
/// auto step = [](const Nest& x, const States& states, const Constants& constants) -> StepWithPullback {
///   const Tensor W = constants[0];
///   Tensor h = tanh(dot(x, W) + states[0]);
///   auto pullback = [=](const Nest& d_output, const States& d_states) -> StepGradients {
///     Tensor da = (d_output.leaf() + d_states[0]) * (1.0 - h * h);
///     return {dot(da, W.swap_axes(0, 1)), {da}, {dot(x.leaf().swap_axes(0, 1), da)}};
///   };
///   return {h, {h}, pullback};
/// };
/// Tensor x = Tensor::full({2, 5, 3}, 0.1, DType::f32);  // (B, T, I)
/// Tensor W = Tensor::full({3, 4}, 0.1, DType::f32);
/// RnnWithPullback run = rnn_with_pullback(step, x, {Tensor::zeros({2, 4}, DType::f32)}, {.constants = {W}});
/// RnnGradients gradients = run.pullback({.last_output = Tensor::full({2, 4}, 1.0, DType::f32)});
/// Tensor d_W = gradients.constants[0];
/// @endcode
RnnWithPullback rnn_with_pullback(const DifferentiableStep& step, const Nest& inputs, const States& initial_states,
                                  const RnnOptions& options = {});

}  // namespace rondo
