// Models as PyTorch's exporters and tf2onnx write them, with the tensors that ONNX Runtime has around each node:
// exports/.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <vector>

#include "rondo/formats/onnx_model.h"
#include "rondo/formats/safetensors.h"
#include "rondo/vocabulary/error.h"
#include "support/compare.h"
#include "units/formats/scratch_files.h"

namespace rondo::test {
namespace {

using Path = std::filesystem::path;

const Path kExports = RONDO_ONNX_EXPORTS;
constexpr double kTolerance = 1e-5;  // ONNX Runtime computes in f32

std::vector<std::string> cases() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(kExports)) {
    if (entry.path().extension() == ".safetensors") names.push_back(entry.path().stem().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

/// The numbers that export_cases.py has put into the data file before ONNX Runtime ran the model.
void write_formula(const Path& path, std::size_t count) {
  std::vector<float> numbers(count);
  for (std::size_t i = 0; i < count; ++i) {
    const auto bits = static_cast<std::uint32_t>(i * 2654435761U);
    numbers[i] = (static_cast<float>(bits >> 24U) - 128.0F) / 1024.0F;
  }
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(numbers.data()), static_cast<std::streamsize>(count * sizeof(float)));
}

class OnnxExports : public ::testing::TestWithParam<std::string> {
 protected:
  OnnxExports()
      : golden_(load_safetensors(kExports / (GetParam() + ".safetensors"))),
        case_(nlohmann::json::parse(golden_.metadata().at("case"))) {}

  OnnxModel load() const {
    const Path model = kExports / (GetParam() + ".onnx");
    if (!case_.contains("formula")) return load_onnx(model);
    const Path copy = scratch("model.onnx");
    std::filesystem::copy_file(model, copy);
    write_formula(scratch(GetParam() + ".onnx.data"), case_.at("formula").get<std::size_t>());
    return load_onnx(copy);
  }

  std::optional<Tensor> given(const std::string& name) const {
    return golden_.contains(name) ? std::optional(golden_.tensor(name)) : std::nullopt;
  }

  Safetensors golden_;
  nlohmann::json case_;
};

TEST_P(OnnxExports, EachNodeRunsOnWhatIsNotInTheModel) {
  const OnnxModel model = load();
  ASSERT_EQ(model.nodes.size(), case_.at("nodes").get<std::size_t>());
  for (std::size_t k = 0; k < model.nodes.size(); ++k) {
    SCOPED_TRACE(describe(model));
    const std::string prefix = std::to_string(k) + "/";
    const OnnxOutputs outputs = OnnxRunner(model.nodes[k])
                                    .run({.x = golden_.tensor(prefix + "X"),
                                          .lengths = given(prefix + "sequence_lens"),
                                          .initial_h = given(prefix + "initial_h"),
                                          .initial_c = given(prefix + "initial_c")});
    if (const auto y = given(prefix + "Y")) {
      EXPECT_TRUE(close(outputs.y, *y, kTolerance));
    }
    if (const auto y_h = given(prefix + "Y_h")) {
      EXPECT_TRUE(close(outputs.y_h, *y_h, kTolerance));
    }
    if (const auto y_c = given(prefix + "Y_c")) {
      EXPECT_TRUE(close(*outputs.y_c, *y_c, kTolerance));
    }
  }
}

bool has(const std::string& name, const std::string& part) { return name.find(part) != std::string::npos; }

// Modules with batch_first, as those of 64 units and more are, and layers of Keras read (B, T, I), which their graphs
// transpose before the first node. Keras's go_backwards reverses time before that.
TEST_P(OnnxExports, TheOrderOfTheInputIsKnown) {
  const OnnxModel model = load();
  if (model.nodes.empty()) return;
  const std::string name = GetParam();
  const bool is_swapped =
      has(name, "tf_") || has(name, "batch_first") || has(name, "_h64") || has(name, "_h128") || has(name, "_h512");
  const OnnxInputOrder known = is_swapped ? OnnxInputOrder::swapped : OnnxInputOrder::same;
  const OnnxNode& first = model.nodes[0];
  EXPECT_EQ(first.input_order, has(name, "backwards") ? OnnxInputOrder::unknown : known) << describe(model);
  EXPECT_EQ(has(first.reasons.at(0), "which ReverseSequence"), has(name, "backwards")) << first.reasons[0];
}

TEST_P(OnnxExports, TheStackIsANetwork) {
  if (!case_.at("stack").get<bool>()) {
    EXPECT_THROW(static_cast<void>(onnx_network(load())), ValueError);
    return;
  }
  const OnnxModel model = load();
  const LoadedNetwork network = onnx_network(model);
  if (given("0/initial_h")) return;  // the states of each layer are the caller's
  const Tensor last = golden_.tensor(std::to_string(model.nodes.size() - 1) + "/Y");  // (T, D, B, H)
  const Tensor x = golden_.tensor("0/X");
  const Tensor y = Tensor::empty({x.size(0), x.size(1), network.output_features()}, DType::f32);
  network.session({.T = x.size(0), .B = x.size(1)}).run({.x = x, .y = y});
  EXPECT_TRUE(close(y, last.swap_axes(1, 2).reshape(y.shape()), kTolerance));
}

INSTANTIATE_TEST_SUITE_P(Files, OnnxExports, ::testing::ValuesIn(cases()), [](const auto& each) { return each.param; });

}  // namespace
}  // namespace rondo::test
