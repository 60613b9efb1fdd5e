// formats_golden_test --goldens DIR: runs every golden file of a directory, each as a test of its own.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <functional>
#include <map>

#include "units/formats/golden_file.h"

namespace rondo::golden {
namespace {

const std::map<std::string, std::function<std::string(const GoldenFile&)>>& checks() {
  static const std::map<std::string, std::function<std::string(const GoldenFile&)>> all{
      {"onnx", check_onnx}, {"pytorch", check_pytorch}, {"tf1", check_tf1}};
  return all;
}

class FormatsGoldenTest : public ::testing::Test {
 public:
  explicit FormatsGoldenTest(std::filesystem::path path) : path_(std::move(path)) {}

  void TestBody() override {
    const GoldenFile golden(path_);
    EXPECT_EQ(checks().at(golden.description().at("origin"))(golden), "") << golden.description().dump();
  }

 private:
  std::filesystem::path path_;
};

int run(const std::filesystem::path& directory) {
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    if (entry.path().extension() == ".safetensors") paths.push_back(entry.path());
  }
  std::sort(paths.begin(), paths.end());
  if (paths.empty()) {
    std::fprintf(stderr, "formats_golden_test: no .safetensors file in %s\n", directory.c_str());
    return 1;
  }
  for (const auto& path : paths) {
    ::testing::RegisterTest("FormatsGolden", path.stem().c_str(), nullptr, path.c_str(), __FILE__, __LINE__,
                            [path]() -> ::testing::Test* { return new FormatsGoldenTest(path); });
  }
  return RUN_ALL_TESTS();
}

}  // namespace
}  // namespace rondo::golden

int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  if (argc != 3 || std::string(argv[1]) != "--goldens") {
    std::fprintf(stderr, "usage: formats_golden_test --goldens DIR [GoogleTest's own flags]\n");
    return 2;
  }
  return rondo::golden::run(argv[2]);
}
