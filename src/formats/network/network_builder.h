/// Builds a LoadedNetwork layer by layer.
#pragma once

#include <optional>

#include "rondo/formats/loaded_network.h"

namespace rondo {

/// One direction of a layer.
struct LoadedDirection {
  CellSpec cell;
  RecurrentWeights weights;
  TimeRules rules;
};

/// Adds a layer on top of the network.
void add_layer(LoadedNetwork& network, const LoadedDirection& forward,
               const std::optional<LoadedDirection>& backward = std::nullopt);

}  // namespace rondo
