// Runs Bidirectional cases, whose backward layer is made from the forward layer or described by itself.

#include "rondo/keras/bidirectional.h"

#include "agreement/golden/golden_layers.h"
#include "agreement/golden/golden_steps.h"
#include "rondo/vocabulary/error.h"

namespace rondo::golden {
namespace {

MergeMode merge_mode(const GoldenCase& golden) {
  const auto name = golden.description().at("layer").at("merge_mode").get<std::string>();
  for (const MergeMode mode : {MergeMode::concat, MergeMode::sum, MergeMode::mul, MergeMode::ave, MergeMode::none}) {
    if (to_string(mode) == name) return mode;
  }
  throw ValueError("merge_mode", name, "one that README.md names");
}

Bidirectional make_bidirectional(const GoldenCase& golden) {
  const nlohmann::json& description = golden.description().at("layer");
  const nlohmann::json& layer = description.at("layer");
  const bool go_backwards = golden.option("go_backwards");
  const std::unique_ptr<RNN> forward = make_layer(golden, {layer, "weight/forward/", go_backwards});
  const bool own = description.contains("backward_layer");
  if (own || forward->known_cells().empty()) {
    const nlohmann::json& other = own ? description.at("backward_layer") : layer;
    return {*forward, *make_layer(golden, {other, "weight/backward/", !go_backwards}), merge_mode(golden)};
  }
  std::vector<RecurrentWeights> weights;
  for (std::size_t k = 0; k < forward->known_cells().size(); ++k) {
    const std::string cell = layer.at("class") == "RNN" ? std::to_string(k) + "/" : "";
    weights.push_back(cell_weights(golden, "weight/backward/" + cell));
  }
  return {*forward, weights, merge_mode(golden)};
}

// The states of a call: the forward layer's leaves, then the backward layer's.
States pack_both(const Bidirectional& layer, const std::vector<Tensor>& leaves) {
  if (leaves.empty()) return {};
  const Cell& forward = layer.forward_layer().cell();
  const Cell& backward = layer.backward_layer().cell();
  const std::size_t first = state_leaves(forward);
  if (leaves.size() != first + state_leaves(backward)) return {leaves.begin(), leaves.end()};  // wrong on purpose
  const auto middle = leaves.begin() + static_cast<std::ptrdiff_t>(first);
  States states = pack_states(forward, {leaves.begin(), middle});
  for (Nest& state : pack_states(backward, {middle, leaves.end()})) {
    states.push_back(std::move(state));
  }
  return states;
}

}  // namespace

std::string check_bidirectional(const GoldenCase& golden) {
  const Bidirectional planned = make_bidirectional(golden);
  PlannedWork work = planned_work(golden, planned.forward_layer());
  const PlannedWork backward = planned_work(golden, planned.backward_layer());
  work.specs.insert(work.specs.end(), backward.specs.begin(), backward.specs.end());
  work.never_waits = work.never_waits || backward.never_waits;
  work.certain = work.certain && backward.certain;
  return on_executors(work, [&](const std::string& executor) {
    Bidirectional layer = make_bidirectional(golden);
    const Called called{.run = [&](const Nest& x, const CallOptions& call) { return layer(x, call); },
                        .pack = [&](const std::vector<Tensor>& leaves) { return pack_both(layer, leaves); },
                        .reset = [&] { layer.reset_states(); },
                        .reset_to = nullptr};
    return check_calls(golden, called, executor);
  });
}

}  // namespace rondo::golden
