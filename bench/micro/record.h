/// The results of rondo_micro: a JSON file that bench/report/constants.py reads, and a table on stdout.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "micro/micro_case.h"
#include "micro/rounds.h"
#include "rondo/vocabulary/device.h"

namespace rondo::bench {

struct MicroHead {
  std::string commit;
  DeviceProperties device;
  double clock_gigahertz = 0;  ///< the highest clock
  RoundOptions options;
};

class MicroRecord {
 public:
  MicroRecord(const MicroHead& head, std::filesystem::path path);

  void add(const MicroCase& what, const RoundTimes& times);
  void add_failure(const MicroCase& what, const std::string& message);
  /// Adds a measurement that this device cannot make.
  void add_skipped(const MicroCase& what, const std::string& reason);

  /// Writes the file anew. Does nothing without a path. Throws `RuntimeError` when the file cannot be written.
  void save() const;

  const nlohmann::ordered_json& json() const { return json_; }
  int failures() const { return failures_; }

 private:
  std::filesystem::path path_;
  nlohmann::ordered_json json_;
  double clock_gigahertz_;
  int failures_ = 0;
};

}  // namespace rondo::bench
