/// What the executors of a network expect its stages to take, without the products of the inputs. Nothing where one of
/// them has no model of that.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "rondo/plan/network.h"

namespace rondo {

/// Of a stage and of the same recurrences one after the other on the whole device, in nanoseconds.
struct NetworkPrediction {
  std::size_t shares = 1;  ///< of the device, one for each lane
  double at_once_ns = 0;
  double one_by_one_ns = 0;

  bool gains() const { return at_once_ns <= one_by_one_ns; }
};

/// `alone` has for each lane of the stage the plan of the whole recurrence with the whole device.
std::optional<NetworkPrediction> predict(const NetworkStage& stage, const std::vector<Plan>& alone);

/// "predicted 12.3 us at once on 2 shares of the device, and 20.1 us one after the other on all of it".
std::string to_string(const NetworkPrediction& prediction);

}  // namespace rondo
