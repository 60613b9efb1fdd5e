#include "program/contest.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <functional>
#include <memory>
#include <optional>
#include <regex>

#include "plan/planner.h"
#include "program/contest_parts.h"
#include "program/problem.h"
#include "program/stopwatch.h"
#include "program/truth.h"
#include "rondo/tensor/stream.h"
#include "rondo/vocabulary/error.h"

namespace rondo::bench {
namespace {

/// One executor, run either eagerly or replayed.
struct Competitor {
  Measurement result;
  Session session;
  std::size_t next_set = 0;
  std::vector<double> microseconds = {};
};

class Contest {
 public:
  Contest(const Point& point, const DeviceProperties& device, const ContestOptions& options)
      : point_(point),
        device_(device),
        options_(options),
        stream_(device.device),
        scope_(stream_.get()),
        stopwatch_(stream_.get()),
        problem_(make_problem(point, device, options.seed)),
        truth_(find_truth(problem_, point, device, stream_.get())),
        workspace_(device.device) {
    result_.input_sets = problem_.sets.size();
  }

  ContestResult run() {
    for (const std::string& executor : executor_names(device_.device)) {
      if (wanted(executor)) enter(executor);
    }
    for (const PersistentKind kind : {PersistentKind::block, PersistentKind::cluster, PersistentKind::grid}) {
      enter_alternatives(kind);
    }
    play_rounds();
    for (Competitor& competitor : competitors_) finish(competitor);
    return result_;
  }

 private:
  void enter(const std::string& executor) {
    if (executor == "reference" && !is_short_for_reference(point_)) {
      result_.refusals.push_back({executor, "not asked: a scalar loop would take long"});
      return;
    }
    enter_as(executor, "eager", GraphUse::never);
    const bool refused = !result_.refusals.empty() && result_.refusals.back().executor == executor;
    if (!refused && device_.device.type == DeviceType::cuda) enter_as(executor, kReplayed, GraphUse::automatic);
  }

  bool wanted(const std::string& executor) const { return is_wanted(executor, options_.executors); }

  void enter_alternatives(PersistentKind kind) {
    if (options_.alternatives == 0) return;
    auto executors = persistent_alternatives(problem_.spec, device_, kind);
    if (executors.size() > static_cast<std::size_t>(options_.alternatives)) {
      executors.resize(static_cast<std::size_t>(options_.alternatives));
    }
    for (auto& executor : executors) {
      if (!wanted(std::string(executor->name()))) continue;
      const Executor& kept = *alternatives_.emplace_back(std::move(executor));
      enter_as(std::string(kept.name()), kReplayed, [&] { return plan_for(kept, problem_.spec, device_); });
    }
  }

  void enter_as(const std::string& executor, const std::string& graph, GraphUse graph_use) {
    enter_as(executor, graph,
             [&] { return Plan::create(problem_.spec, device_, {.executor = executor, .graph_use = graph_use}); });
  }

  void enter_as(const std::string& executor, const std::string& graph, const std::function<Plan()>& make_plan) {
    std::optional<Session> session;
    const auto begin = std::chrono::steady_clock::now();
    try {
      const Plan plan = make_plan();
      session.emplace(plan, problem_.weights, stream_.get(), workspace_.of(plan.workspace_bytes()));
    } catch (const ValueError& error) {
      result_.refusals.push_back({executor, reason_in(error.what(), executor)});
      return;
    } catch (const Error& error) {
      return fail({executor, graph, error.what()});
    }
    Competitor competitor{.result = {.executor = executor, .graph = graph}, .session = std::move(*session)};
    describe_candidate(competitor);
    try {
      check_output(competitor);
      competitor.result.setup_seconds = seconds_since(begin);
      warm_up(competitor);
    } catch (const Error& error) {
      return fail({executor, graph, error.what()});
    }
    competitors_.push_back(std::move(competitor));
  }

  static void describe_candidate(Competitor& competitor) {
    const Plan& plan = competitor.session.plan();
    const std::optional<double> predicted = plan.predicted_ns();
    if (predicted) competitor.result.predicted_us = *predicted / 1000.0;
    competitor.result.candidate = persistent_candidate(*Planner::data(plan).decision);
  }

  // Throws where the failure of one executor has left the device unusable: later measurements would mean nothing.
  void fail(Failure failure) {
    result_.failures.push_back(std::move(failure));
    synchronize(stream_.get());
  }

  void run_once(Competitor& competitor) {
    competitor.session.run(problem_.sets[competitor.next_set]);
    competitor.next_set = (competitor.next_set + 1) % problem_.sets.size();
  }

  void check_output(Competitor& competitor) {
    poison(problem_.sets[0]);
    run_once(competitor);
    check_stalls(competitor.session);
    const double difference = relative_difference(sample(problem_.sets[0]), truth_.output);
    competitor.result.difference = difference;
    if (!(difference < kDisagreement)) {
      throw RuntimeError("its output is " + std::to_string(difference) + " away from that of " + truth_.executor);
    }
  }

  void finish(Competitor& competitor) {
    try {
      check_stalls(competitor.session);
    } catch (const Error& error) {
      return fail({competitor.result.executor, competitor.result.graph, error.what()});
    }
    competitor.result.microseconds = spread_of(competitor.microseconds);
    competitor.result.rounds = static_cast<int>(competitor.microseconds.size());
    result_.measurements.push_back(competitor.result);
  }

  // A session records a run at the second use of its tensors; from the third on, all sets are replayed.
  void warm_up(Competitor& competitor) {
    for (std::size_t k = 0; k < 2 * problem_.sets.size(); ++k) run_once(competitor);
    stopwatch_.start();
    const ReplayCount replays;
    for (std::size_t k = 0; k < problem_.sets.size(); ++k) run_once(competitor);
    const bool replayed = replays.get() == static_cast<std::int64_t>(problem_.sets.size());
    if (!replayed && competitor.result.graph == kReplayed) competitor.result.graph = "not replayed";
    const double run_ms = stopwatch_.stop_milliseconds() / static_cast<double>(problem_.sets.size());
    competitor.result.runs_per_round = runs_per_turn(options_, run_ms);
  }

  void play_rounds() {
    rondo::bench::play_rounds(options_, competitors_.size(), [&](std::size_t k, bool counts) {
      Competitor& competitor = competitors_[k];
      stopwatch_.start();
      for (int run = 0; run < competitor.result.runs_per_round; ++run) run_once(competitor);
      const double ms = stopwatch_.stop_milliseconds();
      if (counts) competitor.microseconds.push_back(1000.0 * ms / competitor.result.runs_per_round);
    });
  }

  const Point& point_;
  const DeviceProperties& device_;
  const ContestOptions& options_;
  BenchStream stream_;
  StreamScope scope_;
  Stopwatch stopwatch_;
  Problem problem_;
  Truth truth_;
  SharedMemory workspace_;
  std::vector<std::unique_ptr<const Executor>> alternatives_;  // declared before the sessions, which run them
  std::vector<Competitor> competitors_;
  ContestResult result_;
};

}  // namespace

ContestResult run_contest(const Point& point, const DeviceProperties& device, const ContestOptions& options) {
  return Contest(point, device, options).run();
}

}  // namespace rondo::bench
