/// Recurrent layers inside others, in all files that hold them: what Keras 2 and Keras 3 computed with each layer.
#include <gtest/gtest.h>

#include <algorithm>

#include "rondo/formats/keras_model.h"
#include "rondo/formats/safetensors.h"
#include "rondo/ops/ops.h"
#include "support/compare.h"
#include "support/expect_error.h"
#include "units/formats/keras_files.h"

namespace rondo::test {
namespace {

constexpr double kTolerance = 1e-5;

/// h' = tanh(x W) + 0.5 h, the cell "mine>OwnCell" of the files.
class OwnCell final : public Cell {
 public:
  explicit OwnCell(Tensor kernel) : kernel_(std::move(kernel)) {}

  SizeNest state_size() const override { return Shape{kernel_.size(1)}; }
  StepResult call(const Nest& inputs, const States& states, const CellContext&) override {
    const Tensor h = add(tanh(matmul(inputs.leaf(), kernel_)), mul(states[0].leaf(), 0.5));
    return {h, {h}};
  }

 private:
  Tensor kernel_;
};

KerasRegistry registry() {
  KerasRegistry registry;
  registry.add("mine>OwnLSTM", "LSTM").add("mine>OwnGRUCell", "GRUCell");
  registry.add("mine>OwnCell", [](const KerasLayer& layer) -> std::shared_ptr<Cell> {
    EXPECT_NE(layer.own_cell->configuration.find("\"units\":3"), std::string::npos);
    return std::make_shared<OwnCell>(layer.weights.at(0));
  });
  return registry;
}

struct Fixture {
  std::string name;
  int keras = 0;
  std::string extension = {};

  std::string start() const { return "wrapped/" + name + "_keras" + std::to_string(keras); }
};

void PrintTo(const Fixture& fixture, std::ostream* out) { *out << fixture.start() << fixture.extension; }

/// What a file must have, and the paths of layers that Keras called.
class Expected {
 public:
  explicit Expected(const Fixture& fixture) : file_(load_safetensors(keras_fixture(fixture.start() + ".safetensors"))) {
    for (const auto& [name, tensor] : file_.tensors()) {
      if (name.starts_with("in/")) paths.push_back(name.substr(3));
    }
  }

  void expect_weights(const KerasLayer& layer, const std::string& path) const {
    for (std::size_t k = 0; k < layer.weights.size(); ++k) {
      const std::string name = "weight/" + path + "/" + std::to_string(k);
      EXPECT_TRUE(identical(layer.weights[k], file_.tensor(name))) << name;
    }
    EXPECT_FALSE(file_.contains("weight/" + path + "/" + std::to_string(layer.weights.size())));
    EXPECT_EQ(layer.weights.size(), layer.weight_paths.size());
  }

  void expect_output(const KerasLayer& layer, const std::string& path) const {
    CallOptions call;
    if (file_.contains("mask/" + path)) call.mask = file_.tensor("mask/" + path);
    const LayerResult result = make_recurrent(layer)(file_.tensor("in/" + path), call);
    EXPECT_TRUE(close(result.output.leaf(), file_.tensor("out/" + path), kTolerance)) << path;
  }

  std::vector<std::string> paths = {};

 private:
  Safetensors file_;
};

std::string test_name(const ::testing::TestParamInfo<Fixture>& info) {
  std::string name = info.param.name + "_keras" + std::to_string(info.param.keras) + info.param.extension;
  std::replace(name.begin(), name.end(), '.', '_');
  return name;
}

std::vector<Fixture> fixtures(const std::vector<std::string>& names) {
  std::vector<Fixture> all;
  for (const std::string& name : names) {
    for (const int keras : {2, 3}) {
      all.push_back({name, keras, ".keras"});
      if (name != "own") all.push_back({name, keras, ".h5"});
    }
  }
  return all;
}

class WrappedTest : public ::testing::TestWithParam<Fixture> {};

TEST_P(WrappedTest, EachLayerHasItsWeightsAndComputesWhatKerasComputed) {
  const Expected expected(GetParam());
  const KerasModel model = load_keras(keras_fixture(GetParam().start() + GetParam().extension), registry());
  ASSERT_GE(expected.paths.size(), 2U);
  for (const std::string& path : expected.paths) {
    SCOPED_TRACE(path);
    const KerasLayer& layer = model.layer(path);
    EXPECT_EQ(layer.problem, "");
    expected.expect_weights(layer, path);
    expected.expect_output(layer, path);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Keras, WrappedTest,
    ::testing::ValuesIn(fixtures({"bidirectionals", "distributed", "convolutional", "nested", "own"})), test_name);

/// A layer that is in two models is in a `.keras` file once, and shifts the numbers of other layers: its weights are
/// right or there is a problem.
class SharedLayerTest : public ::testing::TestWithParam<Fixture> {};

TEST_P(SharedLayerTest, IsNeverGivenTheWeightsOfAnother) {
  const Expected expected(GetParam());
  const KerasModel model = load_keras(keras_fixture(GetParam().start() + GetParam().extension));
  int right = 0;
  for (const std::string& path : expected.paths) {
    const KerasLayer& layer = model.layer(path);
    if (!layer.problem.empty()) continue;
    expected.expect_weights(layer, path);
    ++right;
  }
  EXPECT_GE(right, 1);
  const bool is_tree = GetParam().extension == ".keras";
  EXPECT_EQ(model.layer("both").problem.empty() && model.layer("inner/both").problem.empty(), !is_tree);
}

INSTANTIATE_TEST_SUITE_P(Keras, SharedLayerTest, ::testing::ValuesIn(fixtures({"shared"})), test_name);

class ManyFilesTest : public ::testing::TestWithParam<Fixture> {};

TEST_P(ManyFilesTest, AnArchitectureWithWeightsOfASecondFile) {
  const std::string start = GetParam().start();
  const Expected expected(GetParam());
  const KerasModel model = load_keras(keras_fixture(start + ".json"), keras_fixture(start + GetParam().extension));
  EXPECT_EQ(model.keras_version[0] - '0', GetParam().keras);
  for (const std::string& path : expected.paths) {
    SCOPED_TRACE(path);
    expected.expect_weights(model.layer(path), path);
    expected.expect_output(model.layer(path), path);
  }
}

INSTANTIATE_TEST_SUITE_P(Keras, ManyFilesTest,
                         ::testing::Values(Fixture{"nested", 2, ".h5"}, Fixture{"nested", 2, ".weights.h5"},
                                           Fixture{"nested", 3, ".h5"}, Fixture{"nested", 3, ".weights.h5"},
                                           Fixture{"nested", 3, ".weights.json"}),
                         test_name);

TEST(KerasShardsTest, AreOneFile) {
  const KerasModel whole = load_keras(keras_fixture("wrapped/nested_keras3.weights.h5"));
  const KerasModel shards = load_keras(keras_fixture("wrapped/nested_keras3.weights.json"));
  ASSERT_EQ(shards.layers.size(), whole.layers.size());
  for (std::size_t k = 0; k < whole.layers.size(); ++k) {
    EXPECT_EQ(shards.layers[k].name, whole.layers[k].name);
    EXPECT_EQ(shards.layers[k].weight_paths, whole.layers[k].weight_paths);
    ASSERT_EQ(shards.layers[k].weights.size(), whole.layers[k].weights.size());
    for (std::size_t w = 0; w < whole.layers[k].weights.size(); ++w) {
      EXPECT_TRUE(identical(shards.layers[k].weights[w], whole.layers[k].weights[w]));
    }
  }
}

std::filesystem::path index_file(const std::string& map) {
  const std::filesystem::path path = scratch("model.weights.json");
  write_text(path, R"({"metadata": {}, "weight_map": )" + map + "}");
  return path;
}

TEST(KerasShardsTest, AreFilesOfTheFolderOfTheirIndex) {
  const auto refused = [](const std::string& map, const std::vector<std::string>& words) {
    SCOPED_TRACE(map);
    expect_words([&] { static_cast<void>(load_keras(index_file(map))); }, words);
  };
  const std::string beside = "in the folder of the index";
  refused(R"({"/a": "../secret.h5"})", {"weight_map: /a", "../secret.h5", beside});
  refused(R"({"/a": ["/etc/passwd"]})", {"weight_map: /a", "/etc/passwd", beside});
  refused(R"({"/a": "..h5"})", {"..h5", beside});
  refused(R"({"/a": 3})", {"got 3", beside});
  refused("{}", {"weight_map", "no files"});
  refused("[]", {"weight_map", "[]", "an object"});
  refused(R"({"/a": "none.weights.h5"})", {"none.weights.h5", "No such file"});
  std::filesystem::remove(scratch("link.weights.h5"));
  std::filesystem::create_symlink(keras_fixture("lstm_keras3.weights.h5"), scratch("link.weights.h5"));
  refused(R"({"/a": "link.weights.h5"})", {"link.weights.h5", "a symbolic link out of the folder"});
}

TEST(KerasShardsTest, HaveEachDatasetOnce) {
  for (const char* const name : {"a.weights.h5", "b.weights.h5"}) {
    write_text(scratch(name), read_text(keras_fixture("lstm_keras3.weights.h5")));
  }
  expect_words([] { static_cast<void>(load_keras(index_file(R"({"/a": ["a.weights.h5", "b.weights.h5"]})"))); },
               {"layers/lstm/cell/vars/0", "more than one file"});
}

}  // namespace
}  // namespace rondo::test
