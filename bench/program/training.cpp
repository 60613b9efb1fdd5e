#include "program/training.h"

#include <deque>
#include <optional>

#include "program/contest_parts.h"
#include "program/training_competitor.h"
#include "program/truth.h"
#include "rondo/tensor/stream.h"
#include "rondo/vocabulary/error.h"

namespace rondo::bench {
namespace {

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
        bench_(problem_, stream_.get()) {
    result_.input_sets = problem_.sets.size();
    find_truth();
  }

  TrainingResult run() {
    for (const std::string& executor : executor_names(device_.device)) {
      if (is_wanted(executor, options_.executors)) enter(executor);
    }
    play_rounds(options_, competitors_.size(),
                [&](std::size_t k, bool counts) { competitors_[k].take_turn(stopwatch_, counts); });
    for (TrainingCompetitor& competitor : competitors_) finish(competitor);
    return result_;
  }

 private:
  void find_truth() {
    std::string reasons;
    for (const std::string& executor : trusted_executors(point_, device_.device)) {
      try {
        truth_ = TrainingCompetitor(plan_of(executor, executor, GraphUse::never), "eager", bench_).first_step();
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
    std::string chosen;
    try {
      chosen = plan_of(executor, "", GraphUse::never).backward_executor_name();
    } catch (const ValueError& error) {
      return refuse(executor, error);
    }
    enter_pair(executor, chosen);
    if (chosen != executor && accepts(executor, executor)) enter_pair(executor, executor);
  }

  Plan plan_of(const std::string& executor, const std::string& backward, GraphUse graph_use) const {
    return Plan::create(problem_.spec, device_,
                        {.executor = executor, .backward_executor = backward, .graph_use = graph_use});
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
      TrainingCompetitor competitor(plan_of(executor, backward, graph_use), graph, bench_);
      check_first_step(competitor);
      competitor.result.setup_seconds = seconds_since(begin);
      competitor.warm_up(options_, stopwatch_);
      competitors_.push_back(std::move(competitor));
    } catch (const ValueError& error) {
      refuse(executor, error);
      return false;
    } catch (const Error& error) {
      fail({executor, graph, error.what()});
    }
    return true;
  }

  void check_first_step(TrainingCompetitor& competitor) {
    const double difference = largest_difference(competitor.first_step(), truth_);
    competitor.result.difference = difference;
    if (difference < kDisagreement) return;
    throw RuntimeError("its output or a gradient is " + std::to_string(difference) + " away from that of " +
                       truth_executor_);
  }

  void refuse(const std::string& executor, const ValueError& error) {
    result_.refusals.push_back({executor, reason_in(error.what(), executor)});
  }

  // Throws where the failure of one executor has left the device unusable: later measurements would mean nothing.
  void fail(Failure failure) {
    result_.failures.push_back(std::move(failure));
    synchronize(stream_.get());
  }

  void finish(TrainingCompetitor& competitor) {
    try {
      result_.measurements.push_back(competitor.finish());
    } catch (const Error& error) {
      fail({competitor.result.executor, competitor.result.graph, error.what()});
    }
  }

  const Point& point_;
  const DeviceProperties& device_;
  const ContestOptions& options_;
  BenchStream stream_;
  StreamScope scope_;
  Stopwatch stopwatch_;
  TrainingProblem problem_;
  TrainingBench bench_;
  std::vector<std::vector<float>> truth_;
  std::string truth_executor_;
  std::deque<TrainingCompetitor> competitors_;
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
