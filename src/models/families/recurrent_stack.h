/// Bidirectional layers on top of each other as one network.
#pragma once

#include <memory>
#include <vector>

#include "models/model_layer.h"
#include "rondo/keras/bidirectional.h"

namespace rondo {

/// Whether a layer that returns no states may be one of such a stack: single known cells, merged by concat.
bool stacks(const Bidirectional& layer);

/// The stack of `layers`, from the input up, which outlive it. All but the last one return sequences.
std::unique_ptr<ModelLayer> stacked_directions(std::vector<const Bidirectional*> layers, int threads);

}  // namespace rondo
