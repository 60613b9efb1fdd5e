/// A pair of executors in a contest of training steps.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "program/contest_parts.h"
#include "program/stopwatch.h"
#include "program/training.h"
#include "program/training_problem.h"

namespace rondo::bench {

/// What all competitors share, as they run on one stream.
struct TrainingBench {
  const TrainingProblem& problem;
  Stream stream;
  SharedMemory workspace;
  std::vector<SharedMemory> reserves;  ///< of the sets, which each step writes anew

  TrainingBench(const TrainingProblem& its_problem, Stream its_stream);
};

class TrainingCompetitor {
 public:
  /// Makes a session of the plan. `graph` is "eager", or "replayed" where the plan allows it.
  TrainingCompetitor(const Plan& plan, std::string graph, TrainingBench& bench);

  /// One step on poisoned outputs: what it has computed. Throws `RuntimeError` where it stalled.
  std::vector<std::vector<float>> first_step();
  /// Prepares turns of the options' length.
  void warm_up(const ContestOptions& options, Stopwatch& stopwatch);
  /// Times runs, and then steps.
  void take_turn(Stopwatch& stopwatch, bool counts);
  /// The result of all turns. Throws `RuntimeError` where a run has stalled.
  TrainingMeasurement finish();

  TrainingMeasurement result;

 private:
  std::size_t run_once();
  void step_once();

  const TrainingProblem& problem_;
  Session session_;
  std::vector<SessionTensors> runs_;  ///< of the sets, with reserves
  std::size_t next_set_ = 0;
  std::vector<double> forward_;
  std::vector<double> gradients_;
  std::vector<double> steps_;
};

}  // namespace rondo::bench
