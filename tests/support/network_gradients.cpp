#include "support/network_gradients.h"

#include <limits>

namespace rondo::test {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

Tensor unwritten(const Tensor& tensor) { return Tensor::full(tensor.shape(), kNaN, tensor.dtype(), tensor.device()); }

void want(DirectionGradients& target, const RecurrentWeights& weights, const DirectionTensors& tensors) {
  target.weights.kernel = unwritten(weights.kernel);
  target.weights.recurrent_kernel = unwritten(weights.recurrent_kernel);
  for (const Tensor& state : tensors.initial_state) target.initial_state.push_back(unwritten(state));
}

}  // namespace

NetworkGradients random_network_upstream(Random& random, const NetworkTensors& run) {
  NetworkGradients upstream;
  const auto like = [&](const Tensor& tensor) {
    return random.tensor(tensor.shape(), 1.0, tensor.dtype()).to(tensor.device());
  };
  if (run.y) upstream.y = like(*run.y);
  const auto direction = [&](const DirectionTensors& tensors) {
    DirectionGradients gradients;
    if (tensors.last_output) gradients.last_output = like(*tensors.last_output);
    for (const Tensor& state : tensors.final_state) gradients.final_state.push_back(like(state));
    return gradients;
  };
  for (const LayerTensors& layer : run.layers) {
    upstream.layers.push_back({direction(layer.forward), direction(layer.backward)});
  }
  return upstream;
}

NetworkGradients unwritten_gradients(const RandomNetwork& network, const NetworkGradients& upstream) {
  NetworkGradients gradients = upstream;
  gradients.x = unwritten(network.tensors.x);
  for (std::size_t k = 0; k < network.weights.size(); ++k) {
    const LayerTensors& tensors = network.tensors.layers[k];
    want(gradients.layers[k].forward, network.weights[k].forward, tensors.forward);
    if (network.weights[k].backward) {
      want(gradients.layers[k].backward, *network.weights[k].backward, tensors.backward);
    }
  }
  return gradients;
}

std::map<std::string, Tensor> take_gradients(const NetworkGradients& gradients) {
  std::map<std::string, Tensor> taken;
  const auto take = [&](const std::string& name, const std::optional<Tensor>& tensor) {
    if (tensor) taken[name] = tensor->to(cpu());
  };
  const auto direction = [&](const std::string& name, const DirectionGradients& of_direction) {
    take(name + ".kernel", of_direction.weights.kernel);
    take(name + ".recurrent_kernel", of_direction.weights.recurrent_kernel);
    for (std::size_t k = 0; k < of_direction.initial_state.size(); ++k) {
      take(name + ".initial_state[" + std::to_string(k) + "]", of_direction.initial_state[k]);
    }
  };
  take("x", gradients.x);
  for (std::size_t k = 0; k < gradients.layers.size(); ++k) {
    direction("layers[" + std::to_string(k) + "].forward", gradients.layers[k].forward);
    direction("layers[" + std::to_string(k) + "].backward", gradients.layers[k].backward);
  }
  return taken;
}

}  // namespace rondo::test
