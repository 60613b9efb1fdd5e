/// The gradients of a run: what Session::backward takes and computes.
#pragma once

#include <optional>
#include <vector>

#include "rondo/recurrence/reserve_use.h"
#include "rondo/tensor/tensor.h"

namespace rondo {

/// Gradients of RecurrentWeights, each in the shape of its weight, without gaps. Absent: not wanted. All have one
/// dtype: the spec's, or f32 where the spec's has 16 bits.
struct WeightGradients {
  std::optional<Tensor> kernel = std::nullopt;
  std::optional<Tensor> recurrent_kernel = std::nullopt;
  std::optional<Tensor> bias = std::nullopt;
  std::optional<Tensor> peepholes = std::nullopt;
  std::optional<Tensor> projection = std::nullopt;
};

/// The gradients of a number, the loss, that depends on the results of a run, in the spec's dtype and on its device. A
/// gradient has the shape of what it is the gradient of, and an innermost axis without gaps.
///
/// @code
/// RecurrenceSpec spec = {.cell = {.units = 4}, .T = 5, .B = 2, .I = 3, .keep = Keep::gates};
/// RecurrentWeights weights = {.kernel = Tensor::full({3, 16}, 0.1, DType::f32),
///                             .recurrent_kernel = Tensor::full({4, 16}, 0.1, DType::f32),
///                             .bias = Tensor::zeros({16}, DType::f32)};
/// Plan plan = Plan::create(spec);
/// Session session(plan, weights);
///
/// Tensor y = Tensor::empty({5, 2, 4}, DType::f32);
/// SessionTensors run = {.x = Tensor::full({5, 2, 3}, 1.0, DType::f32), .y = y};
/// run.reserve = Tensor::empty({static_cast<std::int64_t>(plan.reserve_bytes())}, DType::u8);
/// session.run(run);
///
/// // The loss is the sum of y: its gradient is 1 for each element.
/// SessionGradients gradients = {.y = Tensor::full({5, 2, 4}, 1.0, DType::f32)};
/// gradients.weights.kernel = Tensor::empty({3, 16}, DType::f32);
/// session.backward(run, gradients);  // writes the gradient of the kernel
/// @endcode
struct SessionGradients {
  // Given; absent: zeros.
  std::optional<Tensor> y = std::nullopt;
  std::optional<Tensor> last_output = std::nullopt;
  std::vector<Tensor> final_state = {};  ///< one for each state; empty: zeros

  // Wanted, and written; absent or empty: not computed.
  std::optional<Tensor> x = std::nullopt;  ///< zeros where a row is dead
  std::vector<Tensor> initial_state = {};  ///< also where the run had none, which stands for zeros
  std::vector<Tensor> reset_state = {};    ///< each (H), the sum over all rows, or (B, H)
  WeightGradients weights = {};
  bool accumulate_weights = false;  ///< adds to `weights`, which otherwise are overwritten
  bool accumulate_x = false;        ///< likewise for `x`, as for an x that two recurrences read
  ReserveUse reserve_use = ReserveUse::keep;
};

}  // namespace rondo
