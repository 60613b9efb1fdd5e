/// What recurrent layers of all classes have in common.
#pragma once

#include "rondo/formats/keras_layer.h"

namespace rondo {

/// The options of a layer of make_layer's classes, as far as they are known; null for any other layer.
inline RNNOptions* options_of(KerasLayer& layer) {
  if (layer.recurrent) return &layer.recurrent->options;
  return layer.conv_lstm ? &layer.conv_lstm->options : nullptr;
}
inline const RNNOptions* options_of(const KerasLayer& layer) { return options_of(const_cast<KerasLayer&>(layer)); }

/// The start of messages of a layer.
inline std::string place_of(const KerasLayer& layer) { return layer.file + ": layer '" + layer.name + "'"; }

}  // namespace rondo
