/// The predicted time of a network's stages. There is no prediction where one of the executors has no model of its
/// time.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "rondo/plan/network.h"

namespace rondo {

/// The time of a stage, and the time of its recurrences one after the other on the whole device, in nanoseconds.
struct NetworkPrediction {
  std::size_t shares = 1;  ///< shares of the device, one for each lane
  double at_once_ns = 0;
  double one_by_one_ns = 0;

  bool gains() const { return at_once_ns <= one_by_one_ns; }
};

/// Predicts the time of a stage; absent where an executor has no model. `alone` has, for each lane of the stage, the
/// plan of the whole recurrence on the whole device.
std::optional<NetworkPrediction> predict(const NetworkStage& stage, const std::vector<Plan>& alone);

/// For example "predicted 12.3 us at once on 2 shares of the device, and 20.1 us one after the other on all of it".
std::string describe_prediction(const NetworkPrediction& prediction);

}  // namespace rondo
