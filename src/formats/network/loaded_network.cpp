#include "rondo/formats/loaded_network.h"

#include "formats/network/network_builder.h"
#include "rondo/tensor/stream.h"

namespace rondo {
namespace {

void set_sizes(RecurrenceSpec& spec, const LoadedSizes& sizes) {
  spec.T = sizes.T;
  spec.B = sizes.B;
  spec.has_mask = sizes.has_mask;
  spec.has_lengths = sizes.has_lengths;
  spec.packed = sizes.packed;
  const bool within = spec.rules.read == ReadOrder::reversed_within_length;
  if (within && !sizes.has_lengths && !sizes.packed) spec.rules.read = ReadOrder::reversed;
}

RecurrenceSpec spec_of(const LoadedDirection& direction) {
  const Tensor& kernel = direction.weights.kernel;
  return {.cell = direction.cell,
          .I = kernel.size(0),
          .dtype = kernel.dtype(),
          .device = kernel.device(),
          .rules = direction.rules};
}

}  // namespace

void add_layer(LoadedNetwork& network, const LoadedDirection& forward, const std::optional<LoadedDirection>& backward) {
  NetworkLayer layer{.forward = spec_of(forward)};
  NetworkWeights weights{.forward = forward.weights};
  if (backward) {
    layer.backward = spec_of(*backward);
    weights.backward = backward->weights;
  }
  network.spec.layers.push_back(std::move(layer));
  network.weights.push_back(std::move(weights));
}

NetworkSpec LoadedNetwork::sized(const LoadedSizes& sizes) const {
  NetworkSpec result = spec;
  for (NetworkLayer& layer : result.layers) {
    set_sizes(layer.forward, sizes);
    if (layer.backward) set_sizes(*layer.backward, sizes);
  }
  return result;
}

LoadedNetwork LoadedNetwork::to(Device device) const {
  LoadedNetwork result = *this;
  for (NetworkLayer& layer : result.spec.layers) {
    layer.forward.device = device;
    if (layer.backward) layer.backward->device = device;
  }
  for (NetworkWeights& layer : result.weights) {
    layer.forward = layer.forward.to(device);
    if (layer.backward) layer.backward = layer.backward->to(device);
  }
  return result;
}

NetworkSession LoadedNetwork::session(const LoadedSizes& sizes, const NetworkOptions& options) const {
  const Device device = spec.layers.front().forward.device;
  return NetworkSession(NetworkPlan::create(sized(sizes), options), weights, current_stream(device));
}

}  // namespace rondo
