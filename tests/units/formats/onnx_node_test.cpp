// onnx_node_test --cases DIR: runs ONNX's own node tests, in the layout of its data; onnx_node_cases.py writes them.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

#include "rondo/formats/onnx_model.h"
#include "support/compare.h"

namespace rondo::test {
namespace {

using Path = std::filesystem::path;

// ONNX has six cases each of RNN, GRU and LSTM. Fewer mean that some were not found.
constexpr std::size_t kCases = 18;

std::string read_bytes(const Path& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

Tensor read_tensor(const Path& path) {
  return parse_onnx_tensor(std::as_bytes(std::span<const char>(read_bytes(path))), path.string());
}

/// The node's inputs or outputs in the operator's order. A tensor that the node leaves out has no file.
std::vector<std::optional<Tensor>> read_tensors(const Path& folder, const std::string& kind,
                                                const std::vector<std::string>& names, std::size_t count) {
  std::vector<std::optional<Tensor>> tensors(count);
  int next = 0;
  for (std::size_t k = 0; k < names.size(); ++k) {
    if (!names[k].empty()) tensors.at(k) = read_tensor(folder / (kind + "_" + std::to_string(next++) + ".pb"));
  }
  return tensors;
}

class OnnxNodeTest : public ::testing::Test {
 public:
  explicit OnnxNodeTest(Path folder) : folder_(std::move(folder)) {}

  void TestBody() override {
    const OnnxModel model = load_onnx(folder_ / "model.onnx");
    ASSERT_EQ(model.nodes.size(), 1u);
    const OnnxNode& node = model.nodes[0];
    const Path data = folder_ / "test_data_set_0";
    const auto in = read_tensors(data, "input", node.inputs, 8);
    OnnxRunner runner(node.op, {.kernel = *in[1], .recurrent_kernel = *in[2], .bias = in[3], .peepholes = in[7]});
    const OnnxOutputs outputs = runner.run({.x = *in[0], .lengths = in[4], .initial_h = in[5], .initial_c = in[6]});
    const std::array<std::optional<Tensor>, 3> actual{outputs.y, outputs.y_h, outputs.y_c};
    const auto expected = read_tensors(data, "output", node.outputs, actual.size());
    bool any = false;
    for (std::size_t k = 0; k < actual.size(); ++k) {
      if (!expected[k]) continue;
      any = true;
      EXPECT_TRUE(close(*actual[k], *expected[k], 1e-5)) << node.outputs[k];
    }
    EXPECT_TRUE(any);
  }

 private:
  Path folder_;
};

int run(const Path& directory) {
  std::vector<Path> folders;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) folders.push_back(entry.path());
  std::sort(folders.begin(), folders.end());
  if (folders.size() < kCases) {
    std::fprintf(stderr, "onnx_node_test: %zu cases in %s, not %zu\n", folders.size(), directory.c_str(), kCases);
    return 1;
  }
  for (const Path& folder : folders) {
    ::testing::RegisterTest("OnnxNode", folder.filename().c_str(), nullptr, folder.c_str(), __FILE__, __LINE__,
                            [folder]() -> ::testing::Test* { return new OnnxNodeTest(folder); });
  }
  return RUN_ALL_TESTS();
}

}  // namespace
}  // namespace rondo::test

int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  if (argc != 3 || std::string(argv[1]) != "--cases") {
    std::fprintf(stderr, "usage: onnx_node_test --cases DIR [GoogleTest's own flags]\n");
    return 2;
  }
  return rondo::test::run(argv[2]);
}
