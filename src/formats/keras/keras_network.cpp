#include "formats/network/network_builder.h"
#include "layers/keras/layer_call.h"
#include "rondo/formats/keras_model.h"
#include "rondo/vocabulary/error.h"

namespace rondo {
namespace {

LoadedDirection direction_of(const KnownCell& cell, const TimeRules& rules) {
  return {cell.spec(), cell.weights(), rules};
}

/// Adds the cells of a layer. Below the top of a stack, cells write outputs at the steps of their inputs, as RNN has
/// it.
void add_cells(LoadedNetwork& network, const KerasLayer& layer) {
  const std::unique_ptr<RNN> rnn = make_layer(layer);
  const TimeRules below_the_top = TimeRules::keras(rnn->options().go_backwards, true).in_input_order();
  const std::vector<const KnownCell*>& cells = rnn->known_cells();
  if (cells.empty()) {
    throw ValueError(layer.file + ": layer '" + layer.name + "': class", "'" + layer.class_name + "'",
                     "a layer of SimpleRNN, LSTM or GRU cells");
  }
  for (const KnownCell* cell : cells) {
    add_layer(network, direction_of(*cell, cell == cells.back() ? rules_of(rnn->options()) : below_the_top));
  }
}

void add_both_directions(LoadedNetwork& network, const KerasLayer& layer) {
  if (!layer.problem.empty()) throw ValueError(layer.problem);
  const std::string place = layer.file + ": layer '" + layer.name + "'";
  if (layer.merge_mode != "concat") throw ValueError(place + ": merge_mode", layer.merge_mode, "concat");
  std::vector<LoadedDirection> directions;
  for (const KerasLayer& wrapped : layer.wrapped) {
    const std::unique_ptr<RNN> rnn = make_layer(wrapped);
    if (rnn->known_cells().size() != 1) {
      throw ValueError(place + ": cells", std::to_string(rnn->known_cells().size()), "one for each direction");
    }
    directions.push_back(direction_of(*rnn->known_cells()[0], rules_of(rnn->options()).in_input_order()));
  }
  add_layer(network, directions.at(0), directions.at(1));
}

bool returns_sequences(const KerasLayer& layer) {
  const KerasLayer& configured = layer.wrapped.empty() ? layer : layer.wrapped.front();
  return configured.recurrent && configured.recurrent->options.return_sequences;
}

}  // namespace

LoadedNetwork keras_network(std::span<const KerasLayer> layers) {
  if (layers.empty()) throw ValueError("layers", "none", "at least one");
  LoadedNetwork network;
  for (const KerasLayer& layer : layers) {
    if (layer.wrapped.size() == 2) {
      add_both_directions(network, layer);
    } else {
      add_cells(network, layer);
    }
    if (&layer != &layers.back() && !returns_sequences(layer)) {
      throw ValueError(layer.file + ": layer '" + layer.name + "': return_sequences", "false",
                       "true, as another layer reads its outputs");
    }
  }
  return network;
}

}  // namespace rondo
