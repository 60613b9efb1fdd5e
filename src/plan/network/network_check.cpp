#include "plan/network/network_stages.h"
#include "recurrence/reserve.h"
#include "rondo/vocabulary/error.h"

namespace rondo {
namespace {

void check_size(const std::string& name, std::int64_t came, std::int64_t expected, const std::string& why) {
  if (came != expected) throw ValueError(name, std::to_string(came), std::to_string(expected) + ", " + why);
}

/// Checks the sizes, dtype and device that all recurrences of a network share.
void check_common(const std::string& name, const RecurrenceSpec& spec, const RecurrenceSpec& first) {
  const std::string why = "as layers[0].forward has";
  check_size(name + ".T", spec.T, first.T, why);
  check_size(name + ".B", spec.B, first.B, why);
  check_size(name + ".state_rows", spec.state_rows, first.state_rows, why);
  if (spec.packed != first.packed) {
    throw ValueError(name + ".packed", spec.packed ? "true" : "false", (first.packed ? "true, " : "false, ") + why);
  }
  if ((spec.keep == Keep::nothing) != (first.keep == Keep::nothing)) {
    throw ValueError(name + ".keep", to_string(spec.keep),
                     (first.keep == Keep::nothing ? "nothing, " : "states or gates, ") + why);
  }
  if (swaps_reserve(spec) != swaps_reserve(first)) {
    throw ValueError(name + ".swap_memory", spec.swap_memory ? "true" : "false",
                     (first.swap_memory ? "true, " : "false, ") + why);
  }
  if (spec.dtype != first.dtype) {
    throw ValueError(name + ".dtype", to_string(spec.dtype), to_string(first.dtype) + ", " + why);
  }
  if (spec.device != first.device) {
    throw ValueError(name + ".device", to_string(spec.device), to_string(first.device) + ", " + why);
  }
}

// A layer with one direction may write its outputs reversed, as Keras's go_backwards does. With two directions it may
// not.
void check_lines_up(const std::string& name, const RecurrenceSpec& spec) {
  if (spec.rules.keeps_input_order()) return;
  throw ValueError(name + ".rules.write", "processing order",
                   "input order, so that the outputs of both directions line up");
}

}  // namespace

std::string name_of(std::size_t layer, Direction direction) {
  return "layers[" + std::to_string(layer) + "]." + (direction == Direction::forward ? "forward" : "backward");
}

void check_network(const NetworkSpec& spec) {
  if (spec.layers.empty()) throw ValueError("layers", "none", "at least one");
  const RecurrenceSpec& first = spec.layers.front().forward;
  for (std::size_t k = 0; k < spec.layers.size(); ++k) {
    const NetworkLayer& layer = spec.layers[k];
    const std::string forward = name_of(k, Direction::forward);
    check_common(forward, layer.forward, first);
    if (k > 0) {
      check_size(forward + ".I", layer.forward.I, output_features(spec.layers[k - 1]), "the width of the layer below");
    }
    if (!layer.backward) continue;
    const std::string backward = name_of(k, Direction::backward);
    check_common(backward, *layer.backward, first);
    check_size(backward + ".I", layer.backward->I, layer.forward.I, "as " + forward + " has");
    check_lines_up(forward, layer.forward);
    check_lines_up(backward, *layer.backward);
  }
}

}  // namespace rondo
