/// Files that Keras wrote: their weights bit for bit, and the outputs of layers that are built from them.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "rondo/formats/keras_model.h"
#include "rondo/formats/safetensors.h"
#include "support/compare.h"
#include "support/expect_error.h"
#include "units/formats/keras_files.h"

namespace rondo::test {
namespace {

using nlohmann::json;

constexpr double kTolerance = 1e-5;

const std::map<std::string, std::string> kSnakeCase{
    {"LSTM", "lstm"}, {"GRU", "gru"}, {"SimpleRNN", "simple_rnn"}, {"RNN", "rnn"}, {"Dense", "dense"}};

/// What a reader must find: the layers, and their tensors from the safetensors file.
class Expected {
 public:
  explicit Expected(const std::string& model)
      : file_(load_safetensors(keras_fixture(model + ".safetensors"))),
        layers_(json::parse(file_.metadata().at("model")).at("layers")) {}

  const Safetensors& file() const { return file_; }
  const json& layers() const { return layers_; }

  std::vector<Tensor> weights(const json& layer) const {
    const std::string prefix = "weight/" + layer.at("name").get<std::string>() + "/";
    if (!layer.contains("cells")) return weights(layer, prefix);
    std::vector<Tensor> all;
    for (std::size_t k = 0; k < layer.at("cells").size(); ++k) {
      for (const Tensor& weight : weights(layer.at("cells")[k], prefix + std::to_string(k) + "/"))
        all.push_back(weight);
    }
    return all;
  }

 private:
  std::vector<Tensor> weights(const json& cell, const std::string& prefix) const {
    std::vector<Tensor> found{file_.tensor(prefix + "kernel")};
    if (cell.at("class") != "Dense") found.push_back(file_.tensor(prefix + "recurrent_kernel"));
    if (cell.at("use_bias")) found.push_back(file_.tensor(prefix + "bias"));
    return found;
  }

  Safetensors file_;
  json layers_;
};

void expect_weights(const std::vector<Tensor>& actual, const std::vector<Tensor>& expected) {
  ASSERT_EQ(actual.size(), expected.size());
  for (std::size_t k = 0; k < actual.size(); ++k) EXPECT_TRUE(identical(actual[k], expected[k])) << "weight " << k;
}

struct Fixture {
  std::string model;
  int keras;
  std::string extension;

  std::string file() const { return model + "_keras" + std::to_string(keras) + extension; }
};

void PrintTo(const Fixture& fixture, std::ostream* out) { *out << fixture.file(); }

std::vector<Fixture> fixtures(const std::vector<std::string>& extensions) {
  std::vector<Fixture> all;
  for (const char* model : {"lstm", "lstm_backwards", "gru_after", "gru_before", "simple_rnn", "stacked", "two_layers",
                            "two_layers_functional"}) {
    for (const int keras : {2, 3}) {
      for (const std::string& extension : extensions) all.push_back({model, keras, extension});
    }
  }
  return all;
}

std::string test_name(const ::testing::TestParamInfo<Fixture>& info) {
  std::string name = info.param.file();
  std::replace(name.begin(), name.end(), '.', '_');
  return name;
}

class WholeModelTest : public ::testing::TestWithParam<Fixture> {};

TEST_P(WholeModelTest, HasLayersAndWeights) {
  const Expected expected(GetParam().model);
  const KerasModel model = load_keras(keras_fixture(GetParam().file()));
  EXPECT_EQ(model.keras_version[0] - '0', GetParam().keras);
  ASSERT_EQ(model.layers.size(), expected.layers().size());
  for (std::size_t k = 0; k < model.layers.size(); ++k) {
    EXPECT_EQ(model.layers[k].name, expected.layers()[k].at("name"));
    EXPECT_EQ(model.layers[k].class_name, expected.layers()[k].at("class"));
    expect_weights(model.layers[k].weights, expected.weights(expected.layers()[k]));
  }
}

TEST_P(WholeModelTest, FirstLayerComputesWhatKerasComputed) {
  const Expected expected(GetParam().model);
  const KerasModel model = load_keras(keras_fixture(GetParam().file()));
  const std::unique_ptr<RNN> layer = make_layer(model.layers.front());
  CallOptions call;
  if (expected.file().contains("mask")) call.mask = expected.file().tensor("mask");
  const LayerResult result = (*layer)(expected.file().tensor("input"), call);
  const std::string output = GetParam().keras == 2 ? "expected/output" : "expected_keras3/output";
  EXPECT_TRUE(close(result.output.leaf(), expected.file().tensor(output), kTolerance));
}

TEST_P(WholeModelTest, FirstLayerIsANetwork) {
  const Expected expected(GetParam().model);
  const KerasModel model = load_keras(keras_fixture(GetParam().file()));
  const LoadedNetwork network = keras_network(std::span(model.layers).first(1));
  const Tensor x = expected.file().tensor("input").swap_axes(0, 1);
  const bool masked = expected.file().contains("mask");
  NetworkSession session = network.session({.T = x.size(0), .B = x.size(1), .has_mask = masked});
  const bool sequences = model.layers.front().recurrent->options.return_sequences;
  const Tensor y = Tensor::empty({x.size(0), x.size(1), network.output_features()}, DType::f32);
  const Tensor last = Tensor::empty({x.size(1), network.output_features()}, DType::f32);
  std::vector<LayerTensors> layers(network.spec.layers.size());
  layers.back().forward.last_output = last;
  NetworkTensors tensors{.x = x, .y = y, .layers = layers};
  if (masked) tensors.mask = expected.file().tensor("mask").swap_axes(0, 1).to(DType::boolean);
  session.run(tensors);
  const std::string output = GetParam().keras == 2 ? "expected/output" : "expected_keras3/output";
  EXPECT_TRUE(close(sequences ? y.swap_axes(0, 1) : last, expected.file().tensor(output), kTolerance));
}

INSTANTIATE_TEST_SUITE_P(Keras, WholeModelTest, ::testing::ValuesIn(fixtures({".keras", ".h5"})), test_name);

class WeightsFileTest : public ::testing::TestWithParam<Fixture> {};

/// A weights file has the cells of a stack in the order of their names, GRU before LSTM, and does not tell another
/// order.
std::vector<Tensor> in_file_order(const json& layer, std::vector<Tensor> weights) {
  if (layer.contains("cells")) std::rotate(weights.begin(), weights.begin() + 3, weights.end());
  return weights;
}

TEST_P(WeightsFileTest, HasWeightsByName) {
  const Expected expected(GetParam().model);
  const KerasModel model = load_keras(keras_fixture(GetParam().file()));
  EXPECT_EQ(model.layers.size(), expected.layers().size());
  std::map<std::string, int> earlier;
  for (const json& layer : expected.layers()) {
    // In Keras 2 files the class is the name.
    std::string name = kSnakeCase.at(layer.at("class"));
    if (const int number = earlier[name]++; number > 0) name.append("_").append(std::to_string(number));
    if (GetParam().keras == 3) name = layer.at("name");
    expect_weights(model.layer(name).weights, in_file_order(layer, expected.weights(layer)));
    EXPECT_TRUE(model.layer(name).class_name.empty());
    EXPECT_FALSE(model.layer(name).recurrent);
  }
}

INSTANTIATE_TEST_SUITE_P(Keras, WeightsFileTest, ::testing::ValuesIn(fixtures({".weights.h5"})), test_name);

TEST(KerasFixtureTest, WeightsForALayerOfTheCallersMaking) {
  const Expected expected("lstm_backwards");
  const KerasModel model = load_keras(keras_fixture("lstm_backwards_keras3.weights.h5"));
  LSTM layer({.units = 2,
              .activation = Activation::relu,
              .recurrent_activation = Activation::hard_sigmoid_keras3,
              .use_bias = false},
             recurrent_weights(model.layer("backwards")), {.return_sequences = true, .go_backwards = true});
  const LayerResult result = layer(expected.file().tensor("input"), {.mask = expected.file().tensor("mask")});
  EXPECT_TRUE(close(result.output.leaf(), expected.file().tensor("expected_keras3/output"), kTolerance));
  expect_words([&] { static_cast<void>(make_layer(model.layer("backwards"))); },
               {"lstm_backwards_keras3.weights.h5", "'backwards'", "class", "no configuration"});
}

TEST(KerasFixtureTest, PartsOfALongerList) {
  const KerasModel model = load_keras(keras_fixture("stacked_keras3.keras"));
  const std::span<const Tensor> weights(model.layer("stack").weights);
  EXPECT_EQ(recurrent_weights(weights.first(3)).kernel.shape(), (Shape{3, 16}));
  EXPECT_EQ(recurrent_weights(weights.last(3)).bias->shape(), (Shape{2, 6}));
  expect_words([&] { static_cast<void>(recurrent_weights(weights)); }, {"weights", "got 6"});
  expect_words([&] { static_cast<void>(recurrent_weights(model.layer("stack"))); }, {"layer 'stack'", "got 6"});
}

TEST(KerasFixtureTest, LayersHaveTheCellsTheyCameFrom) {
  const auto first = [](const std::string& file) { return make_layer(load_keras(keras_fixture(file)).layers.front()); };
  const auto kind = [&](const std::string& file) { return dynamic_cast<KnownCell&>(first(file)->cell()).spec().kind; };
  EXPECT_EQ(kind("lstm_keras3.keras"), CellKind::lstm);
  EXPECT_EQ(kind("gru_before_keras2.h5"), CellKind::gru);
  EXPECT_EQ(kind("simple_rnn_keras2.keras"), CellKind::simple_rnn);
  EXPECT_NE(dynamic_cast<StackedRNNCells*>(&first("stacked_keras3.h5")->cell()), nullptr);
}

TEST(KerasFixtureTest, DenseHasItsConfiguration) {
  const KerasModel model = load_keras(keras_fixture("two_layers_functional_keras3.keras"));
  ASSERT_TRUE(model.layer("head").dense.has_value());
  EXPECT_EQ(model.layer("head").dense->units, 1);
  EXPECT_EQ(model.layer("head").dense->activation, "tanh");
  EXPECT_TRUE(model.layer("head").dense->use_bias);
  expect_words([&] { static_cast<void>(make_layer(model.layer("head"))); },
               {"'head'", "class", "'Dense'", "LSTM, GRU"});
  expect_words([&] { static_cast<void>(model.layer("foot")); },
               {"two_layers_functional_keras3.keras", "'foot'", "'encoder', 'decoder', 'head'"});
}

}  // namespace
}  // namespace rondo::test
