#include "formats/network/saved_layers.h"

#include "rondo/vocabulary/error.h"

namespace rondo {
namespace {

bool reads_reversed(const RecurrenceSpec& spec) { return !spec.rules.reads_forward(); }

}  // namespace

LayerOrder layer_order(const NetworkLayer& layer) {
  const bool in_input_order = layer.forward.rules.write == WriteOrder::input;
  if (layer.backward) {
    const bool fits = !reads_reversed(layer.forward) && reads_reversed(*layer.backward) &&
                      layer.backward->rules.write == WriteOrder::input;
    return fits ? LayerOrder::both_directions : LayerOrder::other;
  }
  if (!reads_reversed(layer.forward)) return LayerOrder::forward;
  return in_input_order ? LayerOrder::reversed : LayerOrder::backwards;
}

std::string layer_name(std::size_t index) { return "layer " + std::to_string(index); }

void check_plain_layer(const NetworkLayer& layer, std::size_t index, const std::string& owner, bool may_project) {
  const auto refuse = [&](const std::string& came) {
    throw ValueError(layer_name(index), came, "what " + owner + " has");
  };
  for (const RecurrenceSpec* spec : {&layer.forward, layer.backward ? &*layer.backward : nullptr}) {
    if (spec == nullptr) continue;
    const CellSpec& cell = spec->cell;
    if (cell.kind == CellKind::mgu) refuse("a minimal gated unit");
    if (cell.use_peepholes) refuse("an LSTM with peepholes");
    if (cell.cell_clip || cell.projection_clip) refuse("an LSTM that clips");
    if (cell.projection_units && !may_project) refuse("an LSTM with a projection");
  }
  if (layer_order(layer) == LayerOrder::other) refuse("another order of time than forward beside reversed");
}

}  // namespace rondo
