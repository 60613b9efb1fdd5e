/// The results of a run of the benchmark: a JSON file that bench/report/report.py reads, and a table on stdout.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "program/ceilings.h"
#include "program/contest.h"
#include "program/point.h"
#include "program/training.h"
#include "rondo/plan/plan.h"
#include "rondo/vocabulary/device.h"

namespace rondo::bench {

inline constexpr const char* kRunsFormat = "rondo_bench 1";
inline constexpr const char* kTrainingFormat = "rondo_training 1";

/// The head of the file: what all points share.
struct ResultsHead {
  std::string format;  ///< kRunsFormat or kTrainingFormat
  std::string commit;
  std::vector<std::string> command;
  DeviceProperties device;
  ContestOptions options;
};

class Results {
 public:
  Results(ResultsHead head, std::filesystem::path path);

  void add(const Ceilings& ceilings);
  void add(const Point& point, const ContestResult& result);
  void add(const Point& point, const TrainingResult& result);
  /// Adds a point that could not be measured at all, and why.
  void add_failure(const Point& point, const std::string& message);
  /// Adds a point that was not measured because the time was over.
  void add_unmeasured(const Point& point);

  /// Replaces the file. The program calls this after each point, so that an interrupted program leaves the points
  /// measured so far. Does nothing without a path. Throws `RuntimeError` when the file cannot be written.
  void save() const;

  /// How many points and executors have failed so far.
  int failures() const { return failures_; }

 private:
  template <typename AnyResult>
  void add_point(const Point& point, nlohmann::ordered_json runs, const AnyResult& result);

  std::filesystem::path path_;
  nlohmann::ordered_json json_;
  int failures_ = 0;
};

/// The executor that would run a point, and the predicted time of a run where the executor has a model. The device of
/// the plan need not be present.
nlohmann::ordered_json plan_json(const Point& point, const Plan& plan);

void print_table_head();
void print_table_rows(const Point& point, const ContestResult& result);
void print_training_head();
void print_training_rows(const Point& point, const TrainingResult& result);

}  // namespace rondo::bench
