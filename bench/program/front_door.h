/// The set "front_door": what layers, cells and functions cost beside the session that does the same work.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace rondo::bench {

struct FrontDoorOptions {
  std::string filter;          ///< only doors in whose name this regular expression is found
  std::filesystem::path json;  ///< where the results go; empty: nowhere
  std::string commit;
  std::vector<std::string> command;
  int rounds = 20;
  double round_ms = 5;
};

/// Measures all doors on one thread of the CPU, each beside its session in the same rounds, and prints a table.
void run_front_door(const FrontDoorOptions& options);

}  // namespace rondo::bench
