// golden_test --cases DIR [--device NAME]: runs every golden case of a directory, each as a test of its own.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include "agreement/golden/golden_case.h"
#include "agreement/golden/golden_executors.h"
#include "rondo/plan/plan.h"
#include "support/device_under_test.h"
#include "support/executors.h"

namespace rondo::golden {
namespace {

std::string check(const GoldenCase& golden) {
  const auto api = golden.description().at("api").get<std::string>();
  if (api == "layer") return check_layer(golden);
  if (api == "bidirectional") return check_bidirectional(golden);
  if (api == "v1.dynamic_rnn") return check_dynamic_rnn(golden);
  if (api == "v1.bidirectional_dynamic_rnn") return check_bidirectional_rnn(golden);
  if (api == "v1.raw_rnn") return check_raw_rnn(golden);
  if (api == "gradient") return check_gradients(golden);
  if (api == "torch_gradient") return check_torch_gradients(golden);
  if (api == "contrib.rnn") return check_contrib_rnn(golden);
  return check_backend_rnn(golden) + check_backend_rnn_on_executors(golden);
}

/// The number of cases that have begun.
int& cases_begun() {
  static int cases = 0;
  return cases;
}

class GoldenTest : public ::testing::Test {
 public:
  GoldenTest(std::filesystem::path path, Device device) : path_(std::move(path)), device_(device) {}

  void TestBody() override {
    ++cases_begun();
    const GoldenCase golden(path_, device_);
    if (golden.must_raise()) {
      EXPECT_THROW(check(golden), ValueError) << golden.description().dump();
      return;
    }
    EXPECT_EQ(check(golden), "") << golden.description().dump();
  }

 private:
  std::filesystem::path path_;
  Device device_;
};

/// Runs behind all cases. Each executor of the device must have run many cases; otherwise names do not reach the plans.
class ReachTest : public ::testing::Test {
 public:
  /// `gradients`: the cases are gradients, which not all executors compute.
  ReachTest(std::size_t cases, Device device, bool gradients) : cases_(cases), device_(device), gradients_(gradients) {}

  void TestBody() override {
    if (static_cast<std::size_t>(cases_begun()) < cases_) GTEST_SKIP() << "not all cases were asked for";
    const bool has_clusters = properties_of(device_).clusters.most_blocks() > 0;
    for (const std::string& executor : executor_names(device_)) {
      if (!is_asked(executor) || (executor == "cuda_cluster" && !has_clusters)) continue;
      if (gradients_ && !computes_gradients(executor)) continue;
      RecordProperty("cases_on_" + executor, cases_run_on(executor));
      const int fewest =
          executor == "cuda_cluster" ? kFewestOfClusters : (gradients_ ? kFewestGradients : kFewestCases);
      EXPECT_GE(cases_run_on(executor), fewest) << executor;
    }
  }

 private:
  static constexpr int kFewestCases = 300;
  static constexpr int kFewestGradients = 200;  // half of the cases are in f64, which not all executors have
  static constexpr int kFewestOfClusters = 40;  // most cases have too few units for more than one block

  bool computes_gradients(const std::string& executor) const {
    const RecurrenceSpec spec{.T = 3, .B = 2, .I = 1, .device = device_, .keep = Keep::gates};
    return test::accepts("", spec, {.backward_executor = executor});
  }

  std::size_t cases_;
  Device device_;
  bool gradients_;
};

// Replaces other characters than letters, digits and underscores, which test names may not have.
std::string test_name(const std::filesystem::path& path) {
  std::string name = path.stem().string();
  std::replace_if(
      name.begin(), name.end(), [](char letter) { return std::isalnum(letter) == 0; }, '_');
  return name;
}

int run(const std::filesystem::path& directory, Device device) {
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    if (entry.path().extension() == ".safetensors") paths.push_back(entry.path());
  }
  std::sort(paths.begin(), paths.end());
  if (paths.empty()) {
    std::fprintf(stderr, "golden_test: no .safetensors file in %s\n", directory.c_str());
    return 1;
  }
  for (const auto& path : paths) {
    ::testing::RegisterTest("Golden", test_name(path).c_str(), nullptr, path.c_str(), __FILE__, __LINE__,
                            [path, device]() -> ::testing::Test* { return new GoldenTest(path, device); });
  }
  ::testing::RegisterTest(
      "GoldenReach", "EveryExecutorRunsManyCases", nullptr, nullptr, __FILE__, __LINE__,
      [count = paths.size(), device, gradients = directory.filename().string().ends_with("gradient_cases")]()
          -> ::testing::Test* { return new ReachTest(count, device, gradients); });
  return RUN_ALL_TESTS();
}

}  // namespace
}  // namespace rondo::golden

int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  const bool with_device = argc == 5 && std::string(argv[3]) == "--device";
  if ((argc != 3 && !with_device) || std::string(argv[1]) != "--cases") {
    std::fprintf(stderr, "usage: golden_test --cases DIR [--device cpu|cuda:N] [GoogleTest's own flags]\n");
    return 2;
  }
  return rondo::golden::run(argv[2], with_device ? rondo::test::device_from_name(argv[4]) : rondo::cpu());
}
