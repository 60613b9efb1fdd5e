/// Layers of golden files, and the calls that they get.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "agreement/golden/golden_case.h"
#include "agreement/golden/golden_executors.h"
#include "rondo/keras/layers.h"

namespace rondo::golden {

/// What a layer is made from: its description, and the beginning of the names of its weights.
struct LayerPart {
  const nlohmann::json& description;
  std::string prefix;
  bool go_backwards;
};

std::unique_ptr<RNN> make_layer(const GoldenCase& golden, const LayerPart& part);

/// The flat leaves of a file as the states of a cell; none are none.
States pack_states(const Cell& cell, const std::vector<Tensor>& leaves);

/// How many leaves the states of a cell have.
std::size_t state_leaves(const Cell& cell);

/// What the calls of the case plan for one of its layers, and record of it.
PlannedWork planned_work(const GoldenCase& golden, const RNN& layer);

/// What a series of calls asks of a layer, whatever its class.
struct Called {
  std::function<LayerResult(const Nest&, const CallOptions&)> run;
  std::function<States(const std::vector<Tensor>&)> pack;
  std::function<void()> reset;
  std::function<void(const States&)> reset_to;
};

/// The differences in words, empty when all calls pass.
std::string check_calls(const GoldenCase& golden, const Called& layer, const std::string& executor);

}  // namespace rondo::golden
