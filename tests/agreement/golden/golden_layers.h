/// Makes the layers of golden files, and runs their calls.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "agreement/golden/golden_case.h"
#include "agreement/golden/golden_executors.h"
#include "rondo/keras/layers.h"

namespace rondo::golden {

/// The parts of a layer: its description, and the prefix of its weights' names.
struct LayerPart {
  const nlohmann::json& description;
  std::string prefix;
  bool go_backwards;
};

std::unique_ptr<RNN> make_layer(const GoldenCase& golden, const LayerPart& part);

/// The flat leaves of a file as the states of a cell; no states where there are no leaves.
States pack_states(const Cell& cell, const std::vector<Tensor>& leaves);

/// How many leaves the states of a cell have.
std::size_t state_leaves(const Cell& cell);

/// The recurrences that the calls of the case plan for one of its layers, and whether they are recorded.
PlannedWork planned_work(const GoldenCase& golden, const RNN& layer);

/// The functions of a layer of any class that a series of calls uses.
struct Called {
  std::function<LayerResult(const Nest&, const CallOptions&)> run;
  std::function<States(const std::vector<Tensor>&)> pack;
  std::function<void()> reset;
  std::function<void(const States&)> reset_to;
};

/// Runs the calls. Returns the differences in words, empty when all calls pass.
std::string check_calls(const GoldenCase& golden, const Called& layer, const std::string& executor);

}  // namespace rondo::golden
