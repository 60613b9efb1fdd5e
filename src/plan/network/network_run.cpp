#include "plan/network/network_run.h"

#include <algorithm>

#include "plan/network/network_reserve.h"
#include "plan/network/network_stages.h"
#include "plan/run_tensors.h"
#include "rondo/vocabulary/error.h"

namespace rondo {
namespace {

template <typename Property>
bool any_spec(const NetworkSpec& spec, const Property& property) {
  return std::ranges::any_of(spec.layers, [&](const NetworkLayer& layer) {
    return property(layer.forward) || (layer.backward && property(*layer.backward));
  });
}

void check_direction(std::size_t layer, Direction direction, const RecurrenceSpec& spec,
                     const DirectionTensors& tensors) {
  const bool states = states_fit(tensors.initial_state, spec) && states_fit(tensors.final_state, spec);
  if (states && !tensors.last_output && tensors.reset_state.empty()) return;
  const std::string name = name_of(layer, direction);
  check_states(tensors.initial_state, name + ".initial_state", spec);
  check_states(tensors.final_state, name + ".final_state", spec);
  check_reset_state(tensors.reset_state, name + ".reset_state", spec);
  if (tensors.last_output) {
    check_rows(*tensors.last_output,
               {name + ".last_output", {state_rows(spec), output_units(spec.cell)}, spec.dtype, spec.device});
  }
}

bool is_empty(const DirectionTensors& tensors) {
  return tensors.initial_state.empty() && tensors.reset_state.empty() && tensors.final_state.empty() &&
         !tensors.last_output;
}

void check_layers(const NetworkSpec& spec, const std::vector<LayerTensors>& layers) {
  if (!layers.empty() && layers.size() != spec.layers.size()) {
    throw ValueError("layers", std::to_string(layers.size()) + " of them",
                     "none, or " + std::to_string(spec.layers.size()) + ", as planned");
  }
  for (std::size_t k = 0; k < layers.size(); ++k) {
    const std::optional<RecurrenceSpec>& backward = spec.layers[k].backward;
    check_direction(k, Direction::forward, spec.layers[k].forward, layers[k].forward);
    if (backward) {
      check_direction(k, Direction::backward, *backward, layers[k].backward);
    } else if (!is_empty(layers[k].backward)) {
      throw ValueError(name_of(k, Direction::backward), "tensors", "none, as the layer has no backward direction");
    }
  }
}

TensorAddress address_of(const std::optional<Tensor>& tensor) {
  return tensor ? TensorAddress{tensor->data(), tensor->strides()} : TensorAddress{};
}

// Lists one address for each state of the cell. Absent states have null addresses.
void list_states(int count, const std::vector<Tensor>& states, std::vector<TensorAddress>& addresses) {
  for (std::size_t k = 0; k < static_cast<std::size_t>(count); ++k) {
    addresses.push_back(states.empty() ? TensorAddress{} : TensorAddress{states[k].data(), states[k].strides()});
  }
}

void list_direction(const RecurrenceSpec& spec, const DirectionTensors& tensors,
                    std::vector<TensorAddress>& addresses) {
  const int count = state_count(spec.cell.kind);
  list_states(count, tensors.initial_state, addresses);
  list_states(count, tensors.reset_state, addresses);
  list_states(count, tensors.final_state, addresses);
  addresses.push_back(address_of(tensors.last_output));
}

}  // namespace

void check_network_tensors(const NetworkSpec& spec, const NetworkTensors& tensors) {
  const RecurrenceSpec& first = spec.layers.front().forward;
  check_rows(tensors.x, {"x", sequence_shape(first, tensors.x, first.I), first.dtype, first.device});
  check_mask(tensors.mask, any_spec(spec, [](const RecurrenceSpec& one) { return one.has_mask; }), first);
  check_lengths(tensors.lengths, any_spec(spec, [](const RecurrenceSpec& one) { return one.has_lengths; }), first);
  check_resets(tensors.resets, any_spec(spec, [](const RecurrenceSpec& one) { return one.has_resets; }), first,
               tensors.x);
  check_packed_arguments(first,
                         {.x = tensors.x, .batch_sizes = tensors.batch_sizes, .row_indices = tensors.row_indices});
  if (tensors.y) {
    const Shape shape = sequence_shape(first, tensors.x, output_features(spec.layers.back()));
    check_rows(*tensors.y, {"y", shape, first.dtype, first.device});
  }
  check_layers(spec, tensors.layers);
  const bool keeps = first.keep != Keep::nothing;
  check_reserve(tensors.reserve, keeps ? network_reserve(spec, tensors.x).bytes : 0, first);
}

void list_addresses(const NetworkSpec& spec, const NetworkTensors& tensors, std::vector<TensorAddress>& addresses) {
  addresses.clear();
  addresses.push_back({tensors.x.data(), tensors.x.strides(), tensors.x.size(0)});
  for (const std::optional<Tensor>* tensor : {&tensors.mask, &tensors.lengths, &tensors.resets, &tensors.y,
                                              &tensors.batch_sizes, &tensors.row_indices, &tensors.reserve}) {
    addresses.push_back(address_of(*tensor));
  }
  static const LayerTensors nothing;
  for (std::size_t k = 0; k < spec.layers.size(); ++k) {
    const LayerTensors& layer = tensors.layers.empty() ? nothing : tensors.layers[k];
    list_direction(spec.layers[k].forward, layer.forward, addresses);
    if (spec.layers[k].backward) list_direction(*spec.layers[k].backward, layer.backward, addresses);
  }
}

SessionTensors chunk_tensors(const LaneTensors& lane, const NetworkTensors& tensors, Chunk chunk) {
  const bool first = chunk.begin == 0;
  const bool last = chunk.end == lane.spec.T;
  const auto steps = [&](const Tensor& sequence) {
    return lane.spec.packed ? sequence : sequence.slice(0, chunk.begin, chunk.end);  // a packed run is one chunk
  };
  SessionTensors part{.x = steps(lane.x)};
  if (lane.spec.has_mask) part.mask = steps(*tensors.mask);
  if (lane.spec.has_lengths) part.lengths = tensors.lengths;
  if (lane.spec.has_resets) part.resets = steps(*tensors.resets);
  part.reset_state = lane.given.reset_state;
  part.reserve = lane.reserve;
  if (lane.y) part.y = steps(*lane.y);
  part.batch_sizes = tensors.batch_sizes;
  part.row_indices = tensors.row_indices;
  part.initial_state = first ? lane.given.initial_state : lane.carried;
  part.final_state = last ? lane.given.final_state : lane.carried;
  if (last) part.last_output = lane.given.last_output;
  return part;
}

}  // namespace rondo
