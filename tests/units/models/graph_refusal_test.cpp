/// Configurations of models that cannot be: what is no graph, no input, no call.
#include <gtest/gtest.h>

#include "rondo/models/model.h"
#include "support/expect_error.h"
#include "units/models/model_text.h"

namespace rondo::test {
namespace {

using nlohmann::json;

/// A Dense layer 'd' between an input 'x' and an output, in Keras 2's or Keras 3's form.
ModelText one_layer(int keras) {
  ModelText text(keras);
  text.input("x", {nullptr, 4}).add("Dense", "d", {{"units", 2}}, {"x"}).weights({{4, 2}, {2}});
  return text.outputs({"d"});
}

/// The calls of the layer 'd'.
json& nodes_of(ModelText& text) { return text.document()["config"]["layers"][1]["inbound_nodes"]; }

void expect_refused(const ModelText& text, const std::vector<std::string>& words) {
  expect_words([&] { Model(text.model()); }, words);
}

class GraphRefusalTest : public ::testing::TestWithParam<int> {};

TEST_P(GraphRefusalTest, EndsThatAreNoTensors) {
  for (const char* const key : {"input_layers", "output_layers"}) {
    SCOPED_TRACE(key);
    ModelText missing = one_layer(GetParam());
    missing.document()["config"].erase(key);
    expect_refused(missing, {"m.keras", key, "nothing", "a list of tensors"});
    ModelText empty = one_layer(GetParam());
    empty.document()["config"][key] = json::array();
    expect_refused(empty, {"m.keras", key, "at least one tensor"});
    ModelText number = one_layer(GetParam());
    number.document()["config"][key] = 3;
    expect_refused(number, {"m.keras", key, "got 3", "tensors"});
    ModelText nobody = one_layer(GetParam());
    nobody.document()["config"][key] = {{"nobody", 0, 0}};
    expect_refused(nobody, {"m.keras", key, "'nobody'"});
  }
  ModelText dense = one_layer(GetParam());
  dense.document()["config"]["input_layers"] = {{"d", 0, 0}};
  expect_refused(dense, {"m.keras", "input_layers", "'d'", "layers of class InputLayer"});
}

TEST_P(GraphRefusalTest, InputsThatNobodyGives) {
  ModelText text(GetParam());
  text.input("x", {nullptr, 4}).input("y", {nullptr, 4});
  text.add("Add", "sum", json::object(), {"x", "y"}).outputs({"sum"});
  text.document()["config"]["input_layers"].erase(1);
  expect_refused(text, {"m.keras", "layer 'sum'", "layer 'y'", "a layer that an input reaches"});
}

TEST_P(GraphRefusalTest, InputsThatAreSparseOrRagged) {
  for (const char* const kind : {"sparse", "ragged"}) {
    ModelText text = one_layer(GetParam());
    text.document()["config"]["layers"][0]["config"][kind] = true;
    expect_refused(text, {"m.keras", kind, "Masking or mask_zero"});
  }
}

TEST_P(GraphRefusalTest, LayersWithoutTheirPartOfTheFile) {
  KerasModel contents = one_layer(GetParam()).model();
  contents.layers.clear();
  expect_words([&] { static_cast<void>(Model(contents)); }, {"m.keras", "layer 'd'", "no weights"});
}

TEST_P(GraphRefusalTest, SeveralTensorsForALayerOfOne) {
  ModelText text(GetParam());
  text.input("x", {nullptr, 4}).input("y", {nullptr, 4});
  text.add("Dense", "d", {{"units", 2}}, {"x", "y"}).weights({{4, 2}, {2}}).outputs({"d"});
  expect_refused(text, {"m.keras", "layer 'd'", "inputs", "2 tensors", "one"});
}

INSTANTIATE_TEST_SUITE_P(Keras, GraphRefusalTest, ::testing::Values(2, 3));

TEST(GraphNodesTest, CallsOfKeras3) {
  const auto expect = [](const json& call, const std::vector<std::string>& words) {
    ModelText text = one_layer(3);
    json& node = nodes_of(text)[0];
    for (const auto& [key, value] : call.items()) node[key] = value;
    expect_refused(text, words);
  };
  const json tensor = nodes_of(*std::make_unique<ModelText>(one_layer(3)))[0]["args"][0];
  expect({{"args", 3}}, {"layer 'd'", "args", "a list of arguments"});
  expect({{"args", json::array()}}, {"layer 'd'", "inputs"});
  expect({{"kwargs", 3}}, {"layer 'd'", "kwargs", "an object"});
  expect({{"args", {{tensor, 3}}}}, {"layer 'd'", "inputs", "tensors of the model alone"});
  expect({{"args", {{{"class_name", "__keras_tensor__"}, {"config", json::object()}}}}},
         {"layer 'd'", "keras_history"});
  expect({{"args", {{nullptr, tensor}}}}, {"layer 'd'", "inputs"});
}

TEST(GraphNodesTest, CallsOfKeras2) {
  ModelText text = one_layer(2);
  nodes_of(text)[0][0] = {"x", 0, 0, 7};
  expect_refused(text, {"layer 'd'", "keywords", "got 7", "an object"});
}

TEST(GraphNodesTest, NoneAmongTheInputs) {
  const json lstm = {{"units", 2}};
  for (const char* const class_name : {"LSTM", "Concatenate"}) {
    ModelText text(3);
    text.input("x", {nullptr, 5, 4});
    text.add(class_name, "d", class_name == std::string("LSTM") ? lstm : json::object(), {"x"});
    if (class_name == std::string("LSTM")) text.weights({{4, 8}, {2, 8}, {8}});
    json& args = nodes_of(text)[0]["args"];
    args[0] = {nullptr, args[0]};
    expect_refused(text.outputs({"d"}), {"layer 'd'", "inputs"});
  }
}

TEST(GraphNodesTest, ATensorWithoutABatch) {
  ModelText text(3);
  text.input("m", {nullptr}, "bool").add("Any", "any", {{"axis", 0}}, {"m"});
  text.add("Add", "sum", json::object(), {"any", "any"}).outputs({"sum"});
  expect_refused(text, {"layer 'sum'", "inputs", "a batch"});
}

json entry(const std::string& class_name, json config) {
  return {{"class_name", class_name}, {"config", std::move(config)}};
}

TEST(SequentialRefusalTest, LayersThatCannotFollowEachOther) {
  const auto expect = [](const json& layers, const std::vector<std::string>& words) {
    std::vector<std::vector<Shape>> weights(layers.size());
    for (std::size_t k = 0; k < layers.size(); ++k) {
      if (layers[k]["class_name"] == "Dense") weights[k] = {{4, 4}, {4}};
    }
    expect_words([&] { static_cast<void>(Model(sequential_text(3, layers, weights))); }, words);
  };
  const json input = entry("InputLayer", {{"name", "in"}, {"batch_shape", {nullptr, 4}}, {"dtype", "float32"}});
  const json dense = entry("Dense", {{"name", "d"}, {"units", 4}});
  expect(json::array({input, dense, dense}), {"m.keras: layers", "two named 'd'"});
  json second = input;
  second["config"]["name"] = "again";
  expect(json::array({input, dense, second}), {"m.keras: layers", "an InputLayer 'again' inside"});
  expect(json::array({dense}), {"m.keras: input", "no shape", "an InputLayer"});
  expect(json::array(), {"m.keras: layers", "none", "at least one"});
  json broken = input;
  broken["config"]["batch_shape"] = {nullptr, -4};
  expect(json::array({broken, dense}), {"batch_shape", "sizes from 0"});
}

TEST(SequentialRefusalTest, WhatIsNoModel) {
  const auto expect = [](json configuration, const std::vector<std::string>& words) {
    KerasModel contents = one_layer(3).model();
    contents.configuration = configuration.dump();
    expect_words([&] { static_cast<void>(Model(contents)); }, words);
  };
  expect({{"class_name", "Dense"}, {"config", json::object()}},
         {"m.keras: class", "'Dense'", "Sequential or Functional"});
  expect({{"class_name", "Functional"}}, {"m.keras: config", "nothing", "an object"});
}

}  // namespace
}  // namespace rondo::test
