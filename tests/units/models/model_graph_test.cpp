/// Graphs of models: what calls what, in both forms of Keras, and graphs that cannot be.
#include <gtest/gtest.h>

#include "rondo/models/model.h"
#include "rondo/ops/ops.h"
#include "support/compare.h"
#include "support/expect_error.h"
#include "units/models/model_text.h"

namespace rondo::test {
namespace {

using nlohmann::json;

constexpr double kTolerance = 1e-6;

class ModelGraphTest : public ::testing::TestWithParam<int> {
 protected:
  /// An encoder whose states begin a decoder, and a Dense that is called twice.
  ModelText encoder_decoder() const {
    ModelText text(GetParam());
    text.input("x", {nullptr, nullptr, 4}).input("y", {nullptr, nullptr, 2});
    text.add("LSTM", "encoder", {{"units", 3}, {"return_state", true}}, {"x"}).weights({{4, 12}, {3, 12}, {12}});
    if (GetParam() < 3) {
      text.add("LSTM", "decoder", {{"units", 3}, {"return_sequences", true}}, {"y", "encoder:0:1", "encoder:0:2"});
    } else {
      text.add("LSTM", "decoder", {{"units", 3}, {"return_sequences", true}}, {"y"},
               {{"initial_state", {"encoder:0:1", "encoder:0:2"}}});
    }
    text.weights({{2, 12}, {3, 12}, {12}});
    text.add("Dense", "head", {{"units", 2}, {"activation", "tanh"}}, {"decoder"}).weights({{3, 2}, {2}});
    text.call("head", {"encoder"});
    return text.outputs({"head:0:0", "head:1:0"});
  }
};

Tensor dense_by_hand(const Tensor& x, const std::vector<Tensor>& weights) {
  return tanh(add(dot(x, weights[0]), weights[1]));
}

TEST_P(ModelGraphTest, StatesAndSharedLayersFlowAsTheFileSays) {
  const KerasModel contents = encoder_decoder().model();
  Model model(contents);
  const Tensor x = random_weight({2, 5, 4}, 50);
  const Tensor y = random_weight({2, 3, 2}, 51);
  const std::vector<Tensor> results = model.predict(std::vector<Tensor>{x, y});
  const LayerResult encoded = (*make_layer(contents.layer("encoder")))(x);
  const Tensor decoded = (*make_layer(contents.layer("decoder")))(y, {.initial_state = encoded.states}).output;
  ASSERT_EQ(results.size(), 2U);
  EXPECT_TRUE(close(results[0], dense_by_hand(decoded, contents.layer("head").weights), kTolerance));
  EXPECT_TRUE(close(results[1], dense_by_hand(encoded.output, contents.layer("head").weights), kTolerance));
  const auto named = model.predict(std::map<std::string, Tensor>{{"y", y}, {"x", x}});
  EXPECT_TRUE(identical(named.at("head"), results[0]));
}

TEST_P(ModelGraphTest, InputsAndOutputsAreDescribed) {
  const Model model(encoder_decoder().model());
  ASSERT_EQ(model.inputs().size(), 2U);
  EXPECT_EQ(model.inputs()[1].name, "y");
  EXPECT_EQ(model.inputs()[1].shape, (Shape{-1, -1, 2}));
  EXPECT_EQ(model.outputs()[0].shape, (Shape{-1, -1, 2}));
  EXPECT_EQ(model.outputs()[1].shape, (Shape{-1, 2}));
}

TEST_P(ModelGraphTest, OutputsOfOneLayerHaveNamesOfTheirOwn) {
  ModelText text(GetParam());
  text.input("x", {nullptr, nullptr, 4});
  text.add("LSTM", "lstm", {{"units", 3}, {"return_state", true}}, {"x"}).weights({{4, 12}, {3, 12}, {12}});
  text.add("Dense", "lstm_1", {{"units", 2}}, {"lstm"}).weights({{3, 2}, {2}});
  text.outputs({"lstm:0:0", "lstm:0:1", "lstm_1", "lstm:0:2", "lstm:0:0"});
  Model model(text.model());
  std::vector<std::string> names;
  for (const ModelTensor& output : model.outputs()) names.push_back(output.name);
  EXPECT_EQ(names, (std::vector<std::string>{"lstm", "lstm_1", "lstm_1_1", "lstm_2", "lstm_3"}));
  const Tensor x = random_weight({2, 5, 4}, 52);
  const std::vector<Tensor> results = model.predict(std::vector<Tensor>{x});
  const auto named = model.predict(std::map<std::string, Tensor>{{"x", x}});
  ASSERT_EQ(named.size(), 5U);
  for (std::size_t k = 0; k < names.size(); ++k) EXPECT_TRUE(identical(named.at(names[k]), results[k])) << names[k];
}

TEST_P(ModelGraphTest, AnInputTwiceIsRefused) {
  ModelText text(GetParam());
  text.input("x", {nullptr, 3}).add("Dropout", "a", {{"rate", 0.5}}, {"x"}).outputs({"a"});
  json& inputs = text.document()["config"]["input_layers"];
  inputs.push_back(inputs[0]);
  expect_words([&] { Model(text.model()); }, {"m.keras: input_layers", "'x' twice"});
}

TEST_P(ModelGraphTest, CyclesAreRefused) {
  ModelText text(GetParam());
  text.input("x", {nullptr, 3});
  text.add("Dropout", "a", {{"rate", 0.5}}, {"c"}).add("Dropout", "b", {{"rate", 0.5}}, {"a"});
  text.add("Dropout", "c", {{"rate", 0.5}}, {"b"}).outputs({"c"});
  expect_words([&] { Model(text.model()); }, {"m.keras", "a cycle", "'a'", "'b'", "'c'"});
}

TEST_P(ModelGraphTest, ReferencesToWhatIsNotThereAreRefused) {
  for (const char* missing : {"nobody", "a:1:0", "a:0:1", "x:1:0", "x:0:7"}) {
    ModelText text(GetParam());
    text.input("x", {nullptr, 3});
    text.add("Dropout", "a", {{"rate", 0.5}}, {"x"}).add("Dropout", "b", {{"rate", 0.5}}, {missing}).outputs({"b"});
    const std::string layer = std::string(missing).substr(0, std::string(missing).find(':'));
    expect_words([&] { Model(text.model()); }, {"m.keras", "layer 'b'", "'" + layer + "'"});
  }
}

TEST_P(ModelGraphTest, TwoLayersOfOneNameAreRefused) {
  ModelText text(GetParam());
  text.input("x", {nullptr, 3});
  text.add("Dropout", "a", {{"rate", 0.5}}, {"x"}).add("Dropout", "a", {{"rate", 0.5}}, {"x"}).outputs({"a"});
  expect_words([&] { Model(text.model()); }, {"m.keras", "'a'", "each name once"});
}

TEST_P(ModelGraphTest, UnknownClassesAreNamed) {
  ModelText text(GetParam());
  text.input("x", {nullptr, 3}).add("TFOpLambda", "op", {{"function", "math.add"}}, {"x"}).outputs({"op"});
  expect_words([&] { Model(text.model()); }, {"m.keras", "layer 'op'", "'TFOpLambda'", "Dense", "LSTM"});
}

TEST_P(ModelGraphTest, ShapesThatCannotBeAreRefused) {
  for (const json& shape : {json({nullptr, -3}), json({nullptr, 1e30}), json({nullptr, 4294967296}), json(nullptr),
                            json::array(), json({1, 1, 1, 1, 1, 1, 1, 1, 1}), json({nullptr, "5"})}) {
    ModelText text(GetParam());
    text.input("x", shape).add("Dropout", "a", {{"rate", 0.5}}, {"x"}).outputs({"a"});
    expect_words([&] { Model(text.model()); }, {"m.keras", "layer 'x'", "shape"});
  }
  ModelText text(GetParam());
  text.input("x", {nullptr, 3}).add("Dense", "a", {{"units", 2}}, {"x"}).weights({{4, 2}, {2}}).outputs({"a"});
  expect_words([&] { Model(text.model()); }, {"layer 'a'", "inputs", "f32(None, 3)", "a last size of 4"});
}

TEST_P(ModelGraphTest, WrongInputsOfACallAreRefused) {
  Model model(encoder_decoder().model());
  const Tensor x = random_weight({2, 5, 4}, 1);
  expect_words([&] { (void)model.predict(x); }, {"2 outputs"});
  expect_words([&] { (void)model.predict(std::vector<Tensor>{x}); }, {"inputs", "1 tensors", "2"});
  expect_words(
      [&] {
        (void)model.predict(std::vector<Tensor>{x, x});
      },
      {"input 'y'", "f32(2, 5, 4)", "(None, None, 2)"});
  expect_words([&] { (void)model.predict(std::vector<Tensor>{x, Tensor()}); }, {"input 'y'", "undefined"});
  expect_words([&] { (void)model.predict(std::map<std::string, Tensor>{{"x", x}}); }, {"'y'"});
  expect_words([&] { (void)model.predict(std::map<std::string, Tensor>{{"x", x}, {"y", x}, {"z", x}}); }, {"'z'"});
}

TEST_P(ModelGraphTest, TrainingIsRefused) {
  ModelText text(GetParam());
  text.input("x", {nullptr, 3});
  text.add("Dropout", "a", {{"rate", 0.5}}, {"x"}, {{"training", true}}).outputs({"a"});
  expect_words([&] { Model(text.model()); }, {"layer 'a'", "training", "true", "false"});
}

TEST_P(ModelGraphTest, AFileOfWeightsAloneIsNoModel) {
  KerasModel contents = encoder_decoder().model();
  contents.configuration.clear();
  expect_words([&] { Model{contents}; }, {"m.keras", "configuration", "weights alone"});
}

TEST_P(ModelGraphTest, InputsAreCastAndTheirLastAxisOfOneComesAndGoes) {
  ModelText text(GetParam());
  text.input("x", {nullptr, 3}).add("Dense", "a", {{"units", 2}}, {"x"}).weights({{3, 2}, {2}}).outputs({"a"});
  Model model(text.model());
  const Tensor x = Tensor::from({1, 2, 3, 4, 5, 6}, {2, 3});
  const Tensor expected = model.predict(x.to(DType::f32));
  EXPECT_TRUE(identical(model.predict(x), expected));
  EXPECT_TRUE(identical(model.predict(x.to(DType::f32).insert_axis(2)), expected));
}

INSTANTIATE_TEST_SUITE_P(Keras, ModelGraphTest, ::testing::Values(2, 3));

}  // namespace
}  // namespace rondo::test
