#include "program/training_competitor.h"

#include <algorithm>

#include "plan/planner.h"

namespace rondo::bench {
namespace {

// A packed batch has the rows of its x.
std::size_t most_reserve_bytes(const Plan& plan, const TrainingProblem& problem) {
  std::size_t most = 0;
  for (const TrainingSet& set : problem.sets) most = std::max(most, plan.reserve_bytes(set.run.x.size(0)));
  return most;
}

}  // namespace

TrainingBench::TrainingBench(const TrainingProblem& its_problem, Stream its_stream)
    : problem(its_problem),
      stream(its_stream),
      workspace(its_stream.device),
      reserves(its_problem.sets.size(), SharedMemory(its_stream.device)) {}

TrainingCompetitor::TrainingCompetitor(const Plan& plan, std::string graph, TrainingBench& bench)
    : problem_(bench.problem),
      session_(plan, bench.problem.weights, bench.stream, bench.workspace.of(plan.workspace_bytes())) {
  result.executor = plan.executor_name();
  result.backward = plan.backward_executor_name();
  result.graph = std::move(graph);
  result.reserve_bytes = most_reserve_bytes(plan, problem_);
  for (std::size_t k = 0; k < problem_.sets.size(); ++k) {
    runs_.push_back(problem_.sets[k].run);
    runs_.back().reserve = bench.reserves[k].of(result.reserve_bytes);
  }
}

std::vector<std::vector<float>> TrainingCompetitor::first_step() {
  poison(problem_.sets[0]);
  session_.run(runs_[0]);
  session_.backward(runs_[0], problem_.sets[0].gradients);
  check_stalls(session_);
  return sample(problem_.sets[0]);
}

// A session records a run, or gradients, at the second use of its tensors; from the third on, all are replayed.
void TrainingCompetitor::warm_up(const ContestOptions& options, Stopwatch& stopwatch) {
  // A library that keeps y in its reserve writes it there once, as its users have it; a second y would be a copy.
  if (own_reserve_bytes(session_.plan())) {
    for (SessionTensors& run : runs_) run.y.reset();
  }
  const std::size_t sets = runs_.size();
  for (std::size_t k = 0; k < 2 * sets; ++k) step_once();
  stopwatch.start();
  const ReplayCount replays;
  for (std::size_t k = 0; k < sets; ++k) step_once();
  const bool replayed = replays.get() == static_cast<std::int64_t>(2 * sets);
  if (!replayed && result.graph == kReplayed) result.graph = "not replayed";
  result.steps_per_round = runs_per_turn(options, stopwatch.stop_milliseconds() / static_cast<double>(sets));
}

// The runs and the steps of a turn follow one another, so that their difference is of one state of the clocks.
void TrainingCompetitor::take_turn(Stopwatch& stopwatch, bool counts) {
  const auto timed = [&](const auto& work) {
    stopwatch.start();
    for (int k = 0; k < result.steps_per_round; ++k) work();
    return 1000.0 * stopwatch.stop_milliseconds() / result.steps_per_round;
  };
  const double forward = timed([&] { run_once(); });
  const double step = timed([&] { step_once(); });
  if (!counts) return;
  forward_.push_back(forward);
  steps_.push_back(step);
  gradients_.push_back(step - forward);
}

TrainingMeasurement TrainingCompetitor::finish() {
  check_stalls(session_);
  result.forward = spread_of(forward_);
  result.gradients = spread_of(gradients_);
  result.step = spread_of(steps_);
  result.rounds = static_cast<int>(steps_.size());
  return result;
}

std::size_t TrainingCompetitor::run_once() {
  const std::size_t set = next_set_;
  session_.run(runs_[set]);
  next_set_ = (set + 1) % runs_.size();
  return set;
}

void TrainingCompetitor::step_once() {
  const std::size_t set = run_once();
  session_.backward(runs_[set], problem_.sets[set].gradients);
}

}  // namespace rondo::bench
