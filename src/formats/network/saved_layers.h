/// What writers of networks ask about a layer.
#pragma once

#include <string>

#include "rondo/formats/loaded_network.h"

namespace rondo {

/// How a layer goes through time, without lengths.
enum class LayerOrder : std::uint8_t {
  forward,
  reversed,         ///< reads reversed, and each output stands at the step of its input: ONNX's `reverse`
  backwards,        ///< reads reversed, and outputs stand in the order of their computation: Keras's `go_backwards`
  both_directions,  ///< forward beside reversed
  other
};

LayerOrder layer_order(const NetworkLayer& layer);

/// "layer 2", for messages.
std::string layer_name(std::size_t index);

/// Throws `ValueError` naming the layer for what `owner` does not have: another kind of cell than SimpleRNN, LSTM and
/// GRU, peepholes, clips. A projection is refused unless `may_project`.
void check_plain_layer(const NetworkLayer& layer, std::size_t index, const std::string& owner, bool may_project);

}  // namespace rondo
