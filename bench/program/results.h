/// What a run of the benchmark leaves: a JSON file that bench/results.py reads, and a table for the eye.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "program/ceilings.h"
#include "program/contest.h"
#include "program/point.h"
#include "rondo/plan/plan.h"
#include "rondo/vocabulary/device.h"

namespace rondo::bench {

/// The head of the file: what is the same for all points.
struct ResultsHead {
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
  /// A point that could not be measured at all, and why.
  void add_failure(const Point& point, const std::string& message);
  /// A point that the time did not suffice for.
  void add_unmeasured(const Point& point);

  /// Writes the file anew, whole; after each point, so that a program that is stopped leaves what it has. Does nothing
  /// without a path. Throws `RuntimeError` when the file cannot be written.
  void save() const;

  /// Points and executors that failed so far.
  int failures() const { return failures_; }

 private:
  std::filesystem::path path_;
  nlohmann::ordered_json json_;
  int failures_ = 0;
};

/// What would run a point, and how long a run of it is expected to take where the executor has a model of itself. For a
/// device that need not be here.
nlohmann::ordered_json plan_json(const Point& point, const Plan& plan);

void print_table_head();
void print_table_rows(const Point& point, const ContestResult& result);

}  // namespace rondo::bench
