/// All executors on one point: who declines, who runs, and how fast, measured in rounds that take turns.
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
  double round_ms = 3.0;           ///< an executor's turn in a round lasts about so long, and one run at least
  double seconds_per_point = 5.0;  ///< after these, no further round beyond the fifth
  std::uint64_t seed = 1;
  std::string executors = {};  ///< only those in whose name this regular expression is found; empty: all
  int alternatives = 0;        ///< how many candidates of each kind of persistent kernel run as well
};

/// Why an executor did not take part: its own words.
struct Refusal {
  std::string executor;
  std::string reason;
};

/// What went wrong: an exception, a run that stalled, or an output that differs from the one that is trusted (truth.h).
struct Failure {
  std::string executor;
  std::string graph;
  std::string message;
};

struct Measurement {
  std::string executor;
  /// "eager"; "replayed" from a graph, or "not replayed" where a graph was allowed and the session made none. On the
  /// CPU "eager".
  std::string graph;
  /// By the executor's own model, of a run without the product of the inputs; nothing where it has none.
  std::optional<double> predicted_us = std::nullopt;
  std::optional<PersistentCandidate> candidate = std::nullopt;  ///< of a persistent kernel
  Spread microseconds = {};                                     ///< of one run, over the rounds
  int rounds = 0;
  int runs_per_round = 0;
  double setup_seconds = 0;  ///< making the session, and the first run
  double difference = 0;     ///< relative, of a sample of the output from the one that is trusted
};

struct ContestResult {
  std::size_t input_sets = 0;
  std::vector<Measurement> measurements = {};
  std::vector<Refusal> refusals = {};
  std::vector<Failure> failures = {};
};

/// Runs it. Who fails is left out, and all others are measured. Throws `RuntimeError` when the device itself has failed
/// and nothing can run on it any more, and when there is no output to compare with.
ContestResult run_contest(const Point& point, const DeviceProperties& device, const ContestOptions& options);

}  // namespace rondo::bench
