#include "formats/network/network_builder.h"
#include "rondo/formats/pytorch_weights.h"

namespace rondo {

LoadedNetwork pytorch_network(const Safetensors& file, const PytorchPlace& place) {
  const CellKind kind = place.kind ? *place.kind : pytorch_kind(file, place.prefix);
  const auto direction = [&](const RecurrentWeights& weights, bool backward) -> LoadedDirection {
    CellSpec cell{.kind = kind,
                  .units = weights.recurrent_kernel.size(1) / gate_count(kind),
                  .activation = place.activation,
                  .use_bias = weights.bias.has_value()};
    if (weights.projection) cell.projection_units = weights.projection->size(1);
    return {cell, weights, TimeRules::onnx(backward, true)};
  };
  LoadedNetwork network;
  for (const PytorchModuleLayer& layer : pytorch_module(file, kind, place.prefix)) {
    std::optional<LoadedDirection> backward;
    if (layer.backward) backward = direction(*layer.backward, true);
    add_layer(network, direction(layer.forward, false), backward);
  }
  return network;
}

}  // namespace rondo
