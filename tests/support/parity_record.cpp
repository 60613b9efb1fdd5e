#include "support/parity_record.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>

#include "support/device_under_test.h"

namespace rondo::test {
namespace {

struct Tally {
  std::int64_t runs = 0;
  double worst_error = 0;
};

std::map<std::string, Tally>& tallies() {
  static std::map<std::string, Tally> instance;
  return instance;
}

class Writer final : public ::testing::Environment {
 public:
  void TearDown() override {
    const char* path = std::getenv("RONDO_PARITY_JSON");
    if (path == nullptr) return;
    nlohmann::json cases = nlohmann::json::object();
    for (const auto& [name, tally] : tallies()) {
      cases[name] = {{"runs", tally.runs}, {"worst_error", tally.worst_error}};
    }
    const DeviceProperties properties = properties_of(device_under_test());
    std::ofstream(path) << nlohmann::json{{"device", properties.name},
                                          {"compute_capability", properties.compute_capability},
                                          {"cases", cases}}
                               .dump(2)
                        << '\n';
  }
};

const auto* const writer = ::testing::AddGlobalTestEnvironment(new Writer);

}  // namespace

void record_parity(const ParityCase& which, double error) {
  std::string name = which.executor + " " + to_string(which.dtype);
  if (which.math != MatrixMath::strict) name += " (" + to_string(which.math) + ")";
  Tally& tally = tallies()[name];
  ++tally.runs;
  tally.worst_error = std::max(tally.worst_error, error);
}

}  // namespace rondo::test
