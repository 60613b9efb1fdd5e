/// Gradients of random networks.
#pragma once

#include <map>
#include <string>

#include "support/random_network.h"

namespace rondo::test {

/// Random gradients of all results of a run.
NetworkGradients random_network_upstream(Random& random, const NetworkTensors& run);

/// `upstream` with memory for the gradients of x and of all kernels and initial states, filled with NaN. The network
/// has all of its LayerTensors.
NetworkGradients unwritten_gradients(const RandomNetwork& network, const NetworkGradients& upstream);

/// The computed gradients by name, on the CPU.
std::map<std::string, Tensor> take_gradients(const NetworkGradients& gradients);

/// The network with something kept by all recurrences, as `keep_of(spec)` says.
template <typename KeepOf>
RandomNetwork keeping(RandomNetwork network, const KeepOf& keep_of) {
  for (NetworkLayer& layer : network.spec.layers) {
    layer.forward = keep_of(layer.forward);
    if (layer.backward) layer.backward = keep_of(*layer.backward);
  }
  return network;
}

}  // namespace rondo::test
