#include "program/training.h"

#include <algorithm>
#include <deque>
#include <optional>

#include "plan/planner.h"
#include "program/contest_parts.h"
#include "program/stopwatch.h"
#include "program/training_problem.h"
#include "program/truth.h"
#include "rondo/tensor/stream.h"
#include "rondo/vocabulary/error.h"

namespace rondo::bench {
namespace {

/// A pair of executors, run either eagerly or replayed.
struct Competitor {
  TrainingMeasurement result;
  Session session;
  std::vector<SessionTensors> runs = {};  ///< of the sets, with reserves
  std::size_t next_set = 0;
  std::vector<double> forward = {};
  std::vector<double> gradients = {};
  std::vector<double> steps = {};
};

class TrainingContest {
 public:
  TrainingContest(const Point& point, const DeviceProperties& device, const ContestOptions& options)
      : point_(point),
        device_(device),
        options_(options),
        stream_(device.device),
        scope_(stream_.get()),
        stopwatch_(stream_.get()),
        problem_(make_training_problem(point, device, options.seed)),
        workspace_(device.device),
        reserves_(problem_.sets.size(), SharedMemory(device.device)) {
    result_.input_sets = problem_.sets.size();
    find_truth();
  }

  TrainingResult run() {
    for (const std::string& executor : executor_names(device_.device)) {
      if (is_wanted(executor, options_.executors)) enter(executor);
    }
    play_rounds(options_, competitors_.size(), [&](std::size_t k, bool counts) { turn(competitors_[k], counts); });
    for (Competitor& competitor : competitors_) finish(competitor);
    return result_;
  }

 private:
  void find_truth() {
    std::string reasons;
    for (const std::string& executor : trusted_executors(point_, device_.device)) {
      try {
        Competitor trusted = competitor_of(
            Plan::create(problem_.spec, device_,
                         {.executor = executor, .backward_executor = executor, .graph_use = GraphUse::never}),
            "eager");
        truth_ = first_step(trusted);
        truth_executor_ = executor;
        return;
      } catch (const Error& error) {
        reasons += std::string("\n  ") + executor + ": " + error.what();
      }
    }
    throw RuntimeError("no gradients to compare others with:" + reasons);
  }

  void enter(const std::string& executor) {
    if (executor == "reference" && !is_short_for_reference(point_)) {
      result_.refusals.push_back({executor, "not asked: a scalar loop would take long"});
      return;
    }
    const std::optional<std::string> chosen = gradients_of(executor, "");
    if (!chosen) return;
    enter_pair(executor, *chosen);
    if (*chosen != executor && accepts(executor, executor)) enter_pair(executor, executor);
  }

  Plan plan_of(const std::string& executor, const std::string& backward, GraphUse graph_use) const {
    return Plan::create(problem_.spec, device_,
                        {.executor = executor, .backward_executor = backward, .graph_use = graph_use});
  }

  /// The executor of the gradients; nothing where the run or its gradients are refused.
  std::optional<std::string> gradients_of(const std::string& executor, const std::string& backward) {
    try {
      return plan_of(executor, backward, GraphUse::never).backward_executor_name();
    } catch (const ValueError& error) {
      result_.refusals.push_back({executor, reason_in(error.what(), executor)});
      return std::nullopt;
    }
  }

  bool accepts(const std::string& executor, const std::string& backward) const {
    try {
      (void)plan_of(executor, backward, GraphUse::never);
      return true;
    } catch (const ValueError&) {
      return false;
    }
  }

  void enter_pair(const std::string& executor, const std::string& backward) {
    const bool runs = enter_as(executor, backward, "eager", GraphUse::never);
    if (runs && device_.device.type == DeviceType::cuda) enter_as(executor, backward, kReplayed, GraphUse::automatic);
  }

  /// False: refused, so that there is nothing to replay.
  bool enter_as(const std::string& executor, const std::string& backward, const std::string& graph,
                GraphUse graph_use) {
    const auto begin = std::chrono::steady_clock::now();
    try {
      Competitor competitor = competitor_of(plan_of(executor, backward, graph_use), graph);
      check_first_step(competitor);
      competitor.result.setup_seconds = seconds_since(begin);
      warm_up(competitor);
      competitors_.push_back(std::move(competitor));
    } catch (const ValueError& error) {
      result_.refusals.push_back({executor, reason_in(error.what(), executor)});
      return false;
    } catch (const Error& error) {
      fail({executor, graph, error.what()});
    }
    return true;
  }

  Competitor competitor_of(const Plan& plan, const std::string& graph) {
    Competitor competitor{
        .result = {.executor = plan.executor_name(),
                   .backward = plan.backward_executor_name(),
                   .graph = graph,
                   .reserve_bytes = reserve_bytes_of(plan)},
        .session = Session(plan, problem_.weights, stream_.get(), workspace_.of(plan.workspace_bytes()))};
    for (std::size_t k = 0; k < problem_.sets.size(); ++k) {
      SessionTensors& run = competitor.runs.emplace_back(problem_.sets[k].run);
      run.reserve = reserves_[k].of(competitor.result.reserve_bytes);
    }
    return competitor;
  }

  // A packed batch has the rows of its x.
  std::size_t reserve_bytes_of(const Plan& plan) const {
    std::size_t most = 0;
    for (const TrainingSet& set : problem_.sets) most = std::max(most, plan.reserve_bytes(set.run.x.size(0)));
    return most;
  }

  // Throws where the failure of one executor has left the device unusable: later measurements would mean nothing.
  void fail(Failure failure) {
    result_.failures.push_back(std::move(failure));
    synchronize(stream_.get());
  }

  std::vector<std::vector<float>> first_step(Competitor& competitor) {
    poison(problem_.sets[0]);
    competitor.session.run(competitor.runs[0]);
    competitor.session.backward(competitor.runs[0], problem_.sets[0].gradients);
    check_stalls(competitor.session);
    return sample(problem_.sets[0]);
  }

  void check_first_step(Competitor& competitor) {
    competitor.result.difference = largest_difference(first_step(competitor), truth_);
    if (!(competitor.result.difference < kDisagreement)) {
      throw RuntimeError("its output or a gradient is " + std::to_string(competitor.result.difference) +
                         " away from that of " + truth_executor_);
    }
    // A library that keeps y in its reserve writes it there once, as its users have it; a second y would be a copy.
    if (!own_reserve_bytes(competitor.session.plan())) return;
    for (SessionTensors& run : competitor.runs) run.y.reset();
  }

  std::size_t run_once(Competitor& competitor) {
    const std::size_t set = competitor.next_set;
    competitor.session.run(competitor.runs[set]);
    competitor.next_set = (set + 1) % competitor.runs.size();
    return set;
  }

  void step_once(Competitor& competitor) {
    const std::size_t set = run_once(competitor);
    competitor.session.backward(competitor.runs[set], problem_.sets[set].gradients);
  }

  // A session records a run, or gradients, at the second use of its tensors; from the third on, all are replayed.
  void warm_up(Competitor& competitor) {
    const std::size_t sets = problem_.sets.size();
    for (std::size_t k = 0; k < 2 * sets; ++k) step_once(competitor);
    stopwatch_.start();
    const ReplayCount replays;
    for (std::size_t k = 0; k < sets; ++k) step_once(competitor);
    const bool replayed = replays.get() == static_cast<std::int64_t>(2 * sets);
    if (!replayed && competitor.result.graph == kReplayed) competitor.result.graph = "not replayed";
    competitor.result.steps_per_round =
        runs_per_turn(options_, stopwatch_.stop_milliseconds() / static_cast<double>(sets));
  }

  // The runs and the steps of a turn follow one another, so that their difference is of one state of the clocks.
  void turn(Competitor& competitor, bool counts) {
    const int repeats = competitor.result.steps_per_round;
    const auto timed = [&](const auto& work) {
      stopwatch_.start();
      for (int k = 0; k < repeats; ++k) work();
      return 1000.0 * stopwatch_.stop_milliseconds() / repeats;
    };
    const double forward = timed([&] { run_once(competitor); });
    const double step = timed([&] { step_once(competitor); });
    if (!counts) return;
    competitor.forward.push_back(forward);
    competitor.steps.push_back(step);
    competitor.gradients.push_back(step - forward);
  }

  void finish(Competitor& competitor) {
    try {
      check_stalls(competitor.session);
    } catch (const Error& error) {
      return fail({competitor.result.executor, competitor.result.graph, error.what()});
    }
    competitor.result.forward = spread_of(competitor.forward);
    competitor.result.gradients = spread_of(competitor.gradients);
    competitor.result.step = spread_of(competitor.steps);
    competitor.result.rounds = static_cast<int>(competitor.steps.size());
    result_.measurements.push_back(competitor.result);
  }

  const Point& point_;
  const DeviceProperties& device_;
  const ContestOptions& options_;
  BenchStream stream_;
  StreamScope scope_;
  Stopwatch stopwatch_;
  TrainingProblem problem_;
  SharedMemory workspace_;
  std::vector<SharedMemory> reserves_;  ///< of the sets, which all executors write
  std::vector<std::vector<float>> truth_;
  std::string truth_executor_;
  std::deque<Competitor> competitors_;
  TrainingResult result_;
};

}  // namespace

std::string executors_of(const TrainingMeasurement& measurement) {
  if (measurement.executor == measurement.backward) return measurement.executor;
  return measurement.executor + ", " + measurement.backward;
}

TrainingResult run_training(const Point& point, const DeviceProperties& device, const ContestOptions& options) {
  return TrainingContest(point, device, options).run();
}

}  // namespace rondo::bench
