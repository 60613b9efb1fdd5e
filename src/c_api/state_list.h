/// The order in which rondo_run lists the states of a network: layer by layer, forward before backward, h before c.
#pragma once

#include <cstdint>
#include <vector>

#include "rondo/plan/network.h"

namespace rondo::c_api {

/// Features of each state.
std::vector<std::int64_t> state_features(const NetworkSpec& spec);

/// Hands out a list of states to the layers: `initial` and `final` have all states, or none.
std::vector<LayerTensors> layer_tensors(const NetworkSpec& spec, const std::vector<Tensor>& initial,
                                        const std::vector<Tensor>& final);

}  // namespace rondo::c_api
