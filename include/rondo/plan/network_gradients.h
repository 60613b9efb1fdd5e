/// The gradients of a network's run: what NetworkSession::backward takes and computes.
#pragma once

#include <optional>
#include <vector>

#include "rondo/plan/gradients.h"

namespace rondo {

/// The gradients of one direction of a layer besides the sequences. Each member is as in SessionGradients.
struct DirectionGradients {
  std::optional<Tensor> last_output = std::nullopt;  ///< given
  std::vector<Tensor> final_state = {};              ///< given
  std::vector<Tensor> initial_state = {};            ///< wanted
  std::vector<Tensor> reset_state = {};              ///< wanted
  WeightGradients weights = {};                      ///< wanted
};

/// The gradients of both directions of a layer.
struct NetworkLayerGradients {
  DirectionGradients forward = {};
  DirectionGradients backward = {};
};

/// The gradients of a number, the loss, that depends on the results of a network's run.
///
/// @code
/// const std::int64_t T = 20, B = 2, I = 3, H = 4;
/// RecurrenceSpec layer = {.cell = {.units = H}, .T = T, .B = B, .I = I, .keep = Keep::gates};
/// RecurrentWeights weights = {.kernel = Tensor::full({I, 4 * H}, 0.1, DType::f32),
///                             .recurrent_kernel = Tensor::full({H, 4 * H}, 0.1, DType::f32),
///                             .bias = Tensor::zeros({4 * H}, DType::f32)};
/// NetworkPlan plan = NetworkPlan::create({.layers = {{.forward = layer}}});
/// NetworkSession session(plan, std::vector<NetworkWeights>{{.forward = weights}});
///
/// NetworkTensors run = {.x = Tensor::full({T, B, I}, 1.0, DType::f32), .y = Tensor::empty({T, B, H}, DType::f32)};
/// run.reserve = Tensor::empty({static_cast<std::int64_t>(plan.reserve_bytes())}, DType::u8);
/// session.run(run);
/// NetworkGradients gradients = {.y = Tensor::full({T, B, H}, 1.0, DType::f32), .layers = {{}}};
/// gradients.layers[0].forward.weights.kernel = Tensor::empty({I, 4 * H}, DType::f32);
/// session.backward(run, gradients);
/// @endcode
struct NetworkGradients {
  std::optional<Tensor> y = std::nullopt;          ///< given; absent: zeros
  std::optional<Tensor> x = std::nullopt;          ///< wanted
  std::vector<NetworkLayerGradients> layers = {};  ///< one for each layer; empty: nothing of them
  bool accumulate_weights = false;                 ///< SessionGradients::accumulate_weights, of all layers
};

}  // namespace rondo
