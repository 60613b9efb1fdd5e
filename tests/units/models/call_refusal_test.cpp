/// Calls that no layer takes: arguments it does not have, states and masks of other shapes, sizes without bounds.
#include <gtest/gtest.h>

#include "rondo/models/model.h"
#include "support/expect_error.h"
#include "units/models/model_text.h"

namespace rondo::test {
namespace {

using nlohmann::json;

const json kNone = json::object();

/// A layer whose call is right.
struct RightCall {
  std::string class_name;
  json config = json::object();
  std::vector<Shape> weights = {};
  std::vector<json> inputs = {{nullptr, 5, 4}};
  json keywords = json::object();
  std::size_t given = 1;  ///< the inputs of the first argument
};

json inner(const std::string& class_name, json config) {
  config["name"] = "inner";
  return {{"class_name", class_name}, {"config", std::move(config)}};
}

/// A model of one Dense layer.
json tower() {
  ModelText text(3);
  text.input("a", {nullptr, 5, 4}).add("Dense", "d", {{"units", 2}}, {"a"}).outputs({"d"});
  return text.document()["config"];
}

std::vector<RightCall> right_calls() {
  const json sequence = {nullptr, 5, 4};
  const std::vector<json> two{sequence, sequence};
  const std::vector<Shape> heads{{4, 1, 4}, {1, 4}, {4, 1, 4}, {1, 4}, {4, 1, 4}, {1, 4}, {1, 4, 4}, {4}};
  const std::vector<Shape> lstm{{4, 8}, {2, 8}, {8}};
  const std::vector<Shape> lstm_twice{{4, 8}, {2, 8}, {8}, {4, 8}, {2, 8}, {8}};
  std::vector<RightCall> calls{
      {"Activation", {{"activation", "tanh"}}},
      {"AveragePooling1D"},
      {"BatchNormalization", kNone, {{4}, {4}, {4}, {4}}},
      {"Bidirectional", {{"layer", inner("LSTM", {{"units", 2}})}}, lstm_twice},
      {"Concatenate", kNone, {}, two, kNone, 2},
      {"Conv1D", {{"filters", 2}, {"kernel_size", {3}}}, {{3, 4, 2}, {2}}},
      {"ConvLSTM1D", {{"filters", 2}, {"kernel_size", {3}}}, {{3, 4, 8}, {3, 2, 8}, {8}}, {{nullptr, 5, 7, 4}}},
      {"Cropping1D"},
      {"Dense", {{"units", 2}}, {{4, 2}, {2}}},
      {"Dot", {{"axes", 1}}, {}, two, kNone, 2},
      {"Dropout", {{"rate", 0.5}}},
      {"Embedding", {{"input_dim", 6}, {"output_dim", 4}}, {{6, 4}}, {{nullptr, 5}}},
      {"Flatten"},
      {"Functional", tower(), {{4, 2}, {2}}},
      {"GlobalAveragePooling1D"},
      {"GlobalMaxPooling1D"},
      {"GroupNormalization", {{"groups", 2}}, {{4}, {4}}},
      {"LSTM", {{"units", 2}}, lstm},
      {"LayerNormalization", kNone, {{4}, {4}}},
      {"Masking"},
      {"MultiHeadAttention", {{"num_heads", 1}, {"key_dim", 4}}, heads, two, {{"value", "in1"}}},
      {"Normalization", {{"axis", -1}}, {{4}, {4}}},
      {"PReLU", kNone, {{5, 4}}},
      {"Permute", {{"dims", {2, 1}}}},
      {"RMSNormalization", kNone, {{4}}},
      {"RepeatVector", {{"n", 3}}, {}, {{nullptr, 4}}},
      {"Reshape", {{"target_shape", {4, 5}}}},
      {"Softmax"},
      {"TimeDistributed", {{"layer", inner("Dense", {{"units", 2}})}}, {{4, 2}, {2}}},
      {"UnitNormalization"},
      {"UpSampling1D"},
      {"ZeroPadding1D"},
      {"NotEqual", kNone, {}, {sequence}, {{"x2", 0}}},
      {"LogicalAnd", kNone, {}, two, {{"x2", "in1"}}},
      {"LogicalNot"},
      {"Any", {{"axis", 1}}},
      {"ExpandDims", {{"axis", 1}}},
      {"Squeeze", {{"axis", 1}}, {}, {{nullptr, 1, 4}}},
      {"OnesLike"},
      {"Cast"}};
  for (const char* const name : {"Add", "Attention", "Maximum"}) calls.push_back({name, kNone, {}, two, kNone, 2});
  return calls;
}

KerasModel model_of(const RightCall& call, const json& further = json::object()) {
  ModelText text(3);
  std::vector<std::string> names;
  for (const json& shape : call.inputs) {
    names.push_back("in" + std::to_string(names.size()));
    text.input(names.back(), shape);
  }
  names.resize(call.given);
  json keywords = call.keywords;
  keywords.update(further);
  text.add(call.class_name, "odd", call.config, names, keywords).weights(call.weights);
  return text.outputs({call.class_name == "Functional" ? "odd:1:0" : "odd"}).model();
}

TEST(CallRefusalTest, ArgumentsThatALayerDoesNotHave) {
  for (const RightCall& call : right_calls()) {
    SCOPED_TRACE(call.class_name);
    EXPECT_NO_THROW(Model(model_of(call)));
    EXPECT_NO_THROW(Model(model_of(call, {{"training", false}})));
    expect_words([&] { Model(model_of(call, {{"surprise", 1}})); }, {"layer 'odd': surprise", "no such argument"});
    expect_words([&] { Model(model_of(call, {{"training", true}})); }, {"layer 'odd': training", "true"});
  }
}

TEST(CallRefusalTest, StatesOfARecurrence) {
  const auto expect = [](int keras, const std::vector<std::string>& inputs, const json& keywords,
                         const std::vector<std::string>& words) {
    ModelText text(keras);
    text.input("x", {nullptr, 5, 4}).input("h", {nullptr, 2}).input("c", {nullptr, 2}).input("wide", {nullptr, 3});
    text.add("LSTM", "lstm", {{"units", 2}}, inputs, keywords).weights({{4, 8}, {2, 8}, {8}}).outputs({"lstm"});
    expect_words([&] { Model(text.model()); }, words);
  };
  expect(3, {"x"}, {{"initial_state", "h"}}, {"initial_state", "1 tensors", "expected 2"});
  expect(3, {"x"}, {{"initial_state", {"h", "wide"}}}, {"initial_state", "f32(None, 3)", "(None, 2)"});
  expect(3, {"x"}, {{"initial_state", {"h", nullptr}}}, {"initial_state", "None among states"});
  expect(3, {"x", "h", "c"}, {{"initial_state", {"h", "c"}}}, {"initial_state", "states twice"});
  expect(2, {"x", "h"}, kNone, {"initial_state", "1 tensors"});
  expect(3, {"h"}, kNone, {"inputs", "f32(None, 2)", "(None, None, 4)"});
  expect(3, {"x"}, {{"mask", {"h", "c"}}}, {"mask", "2 tensors", "one for each input"});
  expect(3, {"x"}, {{"mask", "x"}}, {"mask", "rank 3", "(B, T) or (B, T, 1)"});
}

/// Numbers (B, S, T) with a mask, whose TimeDistributed recurrence gives (B, S, H) with the mask (B, S, T) in Keras 3.
ModelText masks_of_words_in_documents() {
  ModelText text(3);
  text.input("words", {nullptr, 3, 5}, "int32");
  text.add("Embedding", "embedding", {{"input_dim", 6}, {"output_dim", 4}, {"mask_zero", true}}, {"words"});
  text.weights({{6, 4}});
  text.add("TimeDistributed", "each", {{"layer", inner("LSTM", {{"units", 2}})}}, {"embedding"});
  return text.weights({{4, 8}, {2, 8}, {8}});
}

TEST(CallRefusalTest, MasksOfAnotherRank) {
  const auto expect = [](const std::string& class_name, const json& config, const std::vector<Shape>& weights,
                         const std::vector<std::string>& inputs, const std::vector<std::string>& words) {
    ModelText text = masks_of_words_in_documents();
    text.add(class_name, "odd", config, inputs).weights(weights).outputs({"odd"});
    std::vector<std::string> all{"layer 'odd'"};
    all.insert(all.end(), words.begin(), words.end());
    expect_words([&] { Model(text.model()); }, all);
  };
  expect("LSTM", {{"units", 2}}, {{2, 8}, {2, 8}, {8}}, {"each"}, {"mask", "rank 3", "(B, T) or (B, T, 1)"});
  expect("GlobalAveragePooling1D", kNone, {}, {"each"}, {"mask", "another rank than 2"});
  expect("Concatenate", kNone, {}, {"each", "each"}, {"a mask (-1, 3, 5)", "all axes but the features"});
  expect("Multiply", kNone, {}, {"each", "each"}, {"a mask of another rank than 2"});
}

TEST(CallRefusalTest, Keras2DoesNotJoinAMaskWithNoneAlongTime) {
  ModelText text(2);
  text.input("a", {nullptr, 5, 4}).add("Masking", "mask", kNone, {"a"});
  text.add("Concatenate", "odd", {{"axis", 1}}, {"mask", "a"}).outputs({"odd"});
  expect_words([&] { Model(text.model()); }, {"layer 'odd'", "some with a mask", "Keras 2"});
  ModelText grouped(2);
  grouped.input("a", {nullptr, 5, 4}).add("Masking", "mask", kNone, {"a"});
  grouped.add("GroupNormalization", "odd", {{"groups", 2}}, {"mask"}).weights({{4}, {4}}).outputs({"odd"});
  expect_words([&] { Model(grouped.model()); }, {"layer 'odd': mask", "Keras 2"});
}

TEST(CallRefusalTest, ModelsWithin) {
  ModelText text(3);
  text.input("x", {nullptr, 5, 4});
  text.add("Functional", "tower", tower(), {"x", "x"}).weights({{4, 2}, {2}}).outputs({"tower:1:0"});
  expect_words([&] { Model(text.model()); }, {"layer 'tower'", "inputs", "2 tensors", "expected 1"});
  ModelText wide(3);
  wide.input("x", {nullptr, 5, 3});
  wide.add("Functional", "tower", tower(), {"x"}).weights({{4, 2}, {2}}).outputs({"tower:1:0"});
  expect_words([&] { Model(wide.model()); }, {"layer 'tower': inputs", "f32(None, 5, 3)", "f32(None, 5, 4)"});
}

TEST(CallRefusalTest, WrappersOfWhatTheyDoNotWrap) {
  const auto expect = [](const char* wrapper, const char* wrapped, const std::vector<std::string>& words) {
    ModelText text(3);
    text.input("x", {nullptr, 5, 4}).add(wrapper, "odd", {{"layer", inner(wrapped, {{"units", 2}})}}, {"x"});
    expect_words([&] { Model(text.outputs({"odd"}).model()); }, words);
  };
  expect("Bidirectional", "Dense", {"layer 'odd'"});
  expect("Bidirectional", "Mystery", {"layer 'forward_inner'", "'Mystery'", "SimpleRNN, LSTM, GRU"});
  expect("TimeDistributed", "Mystery", {"layer 'inner'", "'Mystery'"});
}

TEST(CallRefusalTest, StatesOfAStreamThatChange) {
  ModelText text(3);
  text.input("x", {nullptr, nullptr, 4});
  text.add("LSTM", "one", {{"units", 2}}, {"x"}).weights({{4, 8}, {2, 8}, {8}});
  text.add("LSTM", "two", {{"units", 2}}, {"x"}, {{"initial_state", {"one", "one"}}}).weights({{4, 8}, {2, 8}, {8}});
  const Model model(text.outputs({"two"}).model());
  expect_words([&] { static_cast<void>(model.stream()); }, {"layer 'two'", "change from step to step"});
}

TEST(CallRefusalTest, AStreamOfSeveralOutputsTakesLists) {
  ModelText text(3);
  text.input("x", {nullptr, nullptr, 4});
  text.add("LSTM", "one", {{"units", 2}, {"return_state", true}}, {"x"}).weights({{4, 8}, {2, 8}, {8}});
  ModelStream stream = Model(text.outputs({"one:0:0", "one:0:1"}).model()).stream();
  const Tensor x = Tensor::zeros({1, 4}, DType::f32);
  expect_words([&] { static_cast<void>(stream.step(x)); }, {"step", "2 outputs", "a list of inputs"});
  EXPECT_EQ(stream.step(std::vector<Tensor>{x}).size(), 2U);
}

TEST(CallRefusalTest, SizesWithoutBounds) {
  ModelText text(3);
  text.input("x", {nullptr, 2147483647, 4});
  std::string below = "x";
  for (const char* const name : {"one", "two", "three"}) {
    text.add("UpSampling1D", name, {{"size", 2147483647}}, {below});
    below = name;
  }
  expect_words([&] { Model(text.outputs({below}).model()); }, {"layer 'one': output", "at most 2^31 - 1"});
  ModelText rows(3);
  rows.input("x", {65536, 65536, 4});
  rows.add("TimeDistributed", "each", {{"layer", inner("Dense", {{"units", 2}})}}, {"x"}).weights({{4, 2}, {2}});
  expect_words([&] { Model(rows.outputs({"each"}).model()); }, {"layer 'each'", "2^31 - 1 steps of all rows"});
}

}  // namespace
}  // namespace rondo::test
