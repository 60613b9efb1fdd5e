/// Runs training steps of all executors on one point, alternately in rounds, as contest.h runs inference.
#pragma once

#include <string>
#include <vector>

#include "program/contest.h"
#include "program/point.h"
#include "program/statistics.h"

namespace rondo::bench {

/// A run that keeps, and its gradients of x and of all weights. Microseconds, over the rounds.
struct TrainingMeasurement {
  std::string executor;   ///< of the run
  std::string backward;   ///< of the gradients
  std::string graph;      ///< as Measurement::graph; "replayed" where both run and gradients are
  Spread forward = {};    ///< of the run alone
  Spread gradients = {};  ///< the step without the run, round by round
  Spread step = {};
  std::size_t reserve_bytes = 0;
  int rounds = 0;
  int steps_per_round = 0;
  double setup_seconds = 0;  ///< time of making the session and of the first step
  double difference = 0;     ///< the largest of y and of all gradients, as Measurement::difference
};

struct TrainingResult {
  std::size_t input_sets = 0;
  std::vector<TrainingMeasurement> measurements = {};
  std::vector<Refusal> refusals = {};
  std::vector<Failure> failures = {};
};

/// The executors of a training step in one text: "cuda_persistent", or "cuda_persistent, cuda_stepwise" where another
/// one computes the gradients.
std::string executors_of(const TrainingMeasurement& measurement);

/// Runs each executor with the gradients of the plan's choice, and with its own where the plan chooses another. Throws
/// as run_contest does.
TrainingResult run_training(const Point& point, const DeviceProperties& device, const ContestOptions& options);

}  // namespace rondo::bench
