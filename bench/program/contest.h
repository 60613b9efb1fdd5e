/// Runs all executors on one point, alternately in rounds: which of them decline, which run, and how fast.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cuda/persistent/persistent_executor.h"
#include "program/point.h"
#include "program/statistics.h"
#include "rondo/plan/plan.h"

namespace rondo::bench {

struct ContestOptions {
  int rounds = 15;
  double round_ms = 3.0;           ///< length of an executor's turn in a round; a turn has one run at least
  double seconds_per_point = 5.0;  ///< after this time no further round begins, except the first five
  std::uint64_t seed = 1;
  std::string executors = {};  ///< regular expression to find in an executor's name; empty: all executors
  int alternatives = 0;        ///< how many candidates of each kind of persistent kernel run as well
};

/// Why an executor did not take part, as the executor says.
struct Refusal {
  std::string executor;
  std::string reason;
};

/// A failure: an exception, a run that stalled, or an output that differs from the trusted one (truth.h).
struct Failure {
  std::string executor;
  std::string graph;
  std::string message;
};

struct Measurement {
  std::string executor;
  /// "eager", always on the CPU; "replayed" from a graph, or "not replayed" where a graph was allowed and the session
  /// made none.
  std::string graph;
  /// The executor's prediction for a run without the product of the inputs; nothing where it has no model.
  std::optional<double> predicted_us = std::nullopt;
  std::optional<PersistentCandidate> candidate = std::nullopt;  ///< of a persistent kernel
  Spread microseconds = {};                                     ///< of one run, over the rounds
  int rounds = 0;
  int runs_per_round = 0;
  double setup_seconds = 0;  ///< time of making the session and of the first run
  double difference = 0;     ///< relative difference of a sample of the output from the trusted output
};

struct ContestResult {
  std::size_t input_sets = 0;
  std::vector<Measurement> measurements = {};
  std::vector<Refusal> refusals = {};
  std::vector<Failure> failures = {};
};

/// Runs all executors on the point. An executor that fails is left out; the others are measured. Throws `RuntimeError`
/// when the device itself has failed and can run nothing any more, and when there is no output to compare with.
ContestResult run_contest(const Point& point, const DeviceProperties& device, const ContestOptions& options);

}  // namespace rondo::bench
