#include "plan/network/network_prediction.h"

#include <algorithm>
#include <cmath>
#include <sstream>

namespace rondo {
namespace {

/// The times of a lane's chunks: of each chunk, and of the last one.
struct ChunkTimes {
  double each_ns = 0;
  double last_ns = 0;
};

std::optional<std::vector<ChunkTimes>> chunk_times(const NetworkStage& stage) {
  std::vector<ChunkTimes> times;
  for (const NetworkLane& lane : stage.lanes) {
    const std::optional<double> each = lane.plan.predicted_ns();
    const std::optional<double> last = lane.tail ? lane.tail->predicted_ns() : each;
    if (!each || !last) return std::nullopt;
    times.push_back({*each, *last});
  }
  return times;
}

/// The time of a stage whose lanes run at once. A lane begins a chunk when it is done with the chunk before; in a
/// wavefront the lane below must also be done with that chunk.
double at_once_ns(const NetworkStage& stage, const std::vector<ChunkTimes>& times, std::int64_t T) {
  const std::int64_t chunks = T == 0 ? 1 : (T + stage.chunk_steps - 1) / stage.chunk_steps;
  std::vector<double> done(times.size(), 0.0);
  for (std::int64_t chunk = 0; chunk < chunks; ++chunk) {
    for (std::size_t k = 0; k < times.size(); ++k) {
      const bool waits = stage.kind == StageKind::wavefront && k > 0;
      done[k] = std::max(done[k], waits ? done[k - 1] : 0.0);
      done[k] += chunk + 1 == chunks ? times[k].last_ns : times[k].each_ns;
    }
  }
  return *std::ranges::max_element(done);
}

}  // namespace

std::optional<NetworkPrediction> predict(const NetworkStage& stage, const std::vector<Plan>& alone) {
  NetworkPrediction prediction{.shares = stage.lanes.size()};
  for (const Plan& plan : alone) {
    const std::optional<double> takes = plan.predicted_ns();
    if (!takes) return std::nullopt;
    prediction.one_by_one_ns += *takes;
  }
  const auto times = chunk_times(stage);
  if (!times) return std::nullopt;
  prediction.at_once_ns = at_once_ns(stage, *times, alone.front().spec().T);
  return prediction;
}

std::string describe_prediction(const NetworkPrediction& prediction) {
  const auto microseconds = [](double ns) { return std::round(ns / 100.0) / 10.0; };
  std::ostringstream text;
  text << "predicted " << microseconds(prediction.at_once_ns) << " us at once on " << prediction.shares
       << " shares of the device, and " << microseconds(prediction.one_by_one_ns)
       << " us one after the other on all of it";
  return text.str();
}

}  // namespace rondo
