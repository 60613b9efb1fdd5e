/// What each family of layers refuses: configurations, weights, inputs and arguments that cannot be.
#include <gtest/gtest.h>

#include "rondo/models/model.h"
#include "support/expect_error.h"
#include "units/models/model_text.h"

namespace rondo::test {
namespace {

using nlohmann::json;

/// A layer 'odd' in a model, and words of the error that its making or its call is.
struct Refusal {
  std::string class_name;
  json config;
  std::vector<Shape> weights;
  std::vector<json> inputs;  ///< shapes behind the batch
  std::vector<std::string> words;
  json keywords = json::object();  ///< of the call: constants, or names of inputs: "in0", "in1", ...
  std::size_t given = 0;           ///< how many of the inputs the call takes as its first argument; 0: all
};

void expect_refused(const Refusal& refusal, int keras = 3) {
  SCOPED_TRACE(refusal.class_name + " " + refusal.words.front());
  ModelText text(keras);
  std::vector<std::string> names;
  for (const json& sizes : refusal.inputs) {
    json shape = sizes;
    shape.insert(shape.begin(), nullptr);
    names.push_back("in" + std::to_string(names.size()));
    text.input(names.back(), shape);
  }
  if (refusal.given > 0) names.resize(refusal.given);
  text.add(refusal.class_name, "odd", refusal.config, names, refusal.keywords);
  text.weights(refusal.weights).outputs({"odd"});
  std::vector<std::string> words = refusal.words;
  words.insert(words.end(), {"m.keras", "layer 'odd'"});
  expect_words([&] { Model(text.model()); }, words);
}

const json kNone = json::object();
const json kSequence = {5, 4};

TEST(LayerRefusalTest, Activations) {
  expect_refused({"ReLU", {{"negative_slope", -0.5}}, {}, {kSequence}, {"negative_slope", "a number from 0"}});
  expect_refused({"ReLU", {{"max_value", "x"}}, {}, {kSequence}, {"max_value", "a number"}});
  expect_refused({"LeakyReLU", {{"alpha", -1}}, {}, {kSequence}, {"alpha", "a number from 0"}});
  expect_refused({"PReLU", kNone, {{3, 4}}, {kSequence}, {"its alpha, f32(3, 4)"}});
  expect_refused({"PReLU", kNone, {{4}}, {kSequence}, {"its alpha, f32(4,)"}});
  expect_refused({"PReLU", kNone, {}, {kSequence}, {"weights", "1 for its PReLU"}});
  expect_refused({"Softmax", {{"axis", 3}}, {}, {kSequence}, {"axis", "got 3"}});
  expect_refused({"Softmax", {{"axis", -4}}, {}, {kSequence}, {"axis", "got -4"}});
}

TEST(LayerRefusalTest, Attention) {
  const std::vector<json> two{kSequence, kSequence};
  expect_refused({"Attention", {{"score_mode", "sum"}}, {}, two, {"score_mode", "dot or concat"}});
  expect_refused({"Attention", {{"use_scale", true}}, {}, two, {"weights", "1 for its Attention"}});
  expect_refused({"Attention", kNone, {}, {kSequence}, {"inputs", "1 tensors"}});
  for (const char* const name : {"Attention", "AdditiveAttention"}) {
    const json config = {{"use_scale", false}};
    expect_refused({name, config, {}, {kSequence, {5, 3}}, {"query (B, T, C)"}});
    expect_refused({name, config, {}, {kSequence, {6, 4}, kSequence}, {"value (B, S, D)"}});
    expect_refused({name, config, {}, {{5}, {5}}, {"query (B, T, C)"}});
    expect_refused({name, config, {}, two, {"use_causal_mask", "no boolean"}, {{"use_causal_mask", 3}}});
  }
  const json heads = {{"num_heads", 2}, {"key_dim", 3}};
  const std::vector<Shape> weights{{4, 2, 3}, {2, 3}, {4, 2, 3}, {2, 3}, {4, 2, 3}, {2, 3}, {2, 3, 4}, {4}};
  const auto attention = [&](const std::vector<json>& inputs, const std::vector<std::string>& words,
                             const json& keywords) {
    expect_refused({"MultiHeadAttention", heads, weights, inputs, words, keywords, 1});
  };
  attention(two, {"value", "none", "a tensor"}, kNone);
  attention(two, {"value", "no tensor"}, {{"value", {"in1", "in0"}}});
  attention({{5, 3}, kSequence}, {"query", "(B, time, 4)"}, {{"value", "in1"}});
  attention({kSequence, {5, 3}}, {"value", "(B, time, 4)"}, {{"value", "in1"}});
  attention({kSequence, kSequence, {6, 4}}, {"key", "the time of value"}, {{"value", "in1"}, {"key", "in2"}});
  attention({kSequence, kSequence, {5, 5, 5, 5}}, {"attention_mask", "(B, T, S)"},
            {{"value", "in1"}, {"attention_mask", "in2"}});
  const auto configured = [&](const char* key, const json& value, const std::vector<std::string>& words) {
    json config = heads;
    config[key] = value;
    expect_refused({"MultiHeadAttention", config, weights, two, words, {{"value", "in1"}}, 1});
  };
  configured("attention_axes", {2}, {"attention_axes", "the axis of time"});
  configured("use_gate", true, {"use_gate", "false"});
  configured("sliding_window", 3, {"sliding_window", "null"});
  configured("num_heads", 3, {"weights", "num_heads 3"});
  configured("key_dim", 2, {"weights", "key_dim 2"});
  configured("value_dim", 2, {"weights", "value_dim 2"});
  configured("use_bias", false, {"weights", "4 for its"});
}

TEST(LayerRefusalTest, Convolutions) {
  const json config = {{"filters", 2}, {"kernel_size", {3}}};
  const auto with = [&](const char* key, const json& value) {
    json changed = config;
    changed[key] = value;
    return changed;
  };
  const std::vector<Shape> weights{{3, 4, 2}, {2}};
  expect_refused({"Conv1D", with("filters", 3), weights, {kSequence}, {"filters", "its kernel, f32(3, 4, 2)"}});
  expect_refused({"Conv1D", with("groups", 3), weights, {kSequence}, {"filters", "groups"}});
  expect_refused({"Conv1D", config, {{3, 4, 2}, {3}}, {kSequence}, {"filters", "its bias"}});
  expect_refused({"Conv1D", config, {{3, 4, 2}}, {kSequence}, {"weights", "2 for its Conv1D"}});
  expect_refused({"Conv1D", with("kernel_size", {3, 3}), weights, {kSequence}, {"kernel_size", "one number"}});
  expect_refused({"Conv1D", with("padding", "reflect"), weights, {kSequence}, {"padding", "valid, same or causal"}});
  expect_refused({"Conv1D", with("data_format", "channels_first"), weights, {kSequence}, {"data_format"}});
  expect_refused({"Conv1D", config, weights, {{4}}, {"inputs", "a rank of 3"}});
  expect_refused({"MaxPooling1D", {{"padding", "causal"}}, {}, {kSequence}, {"padding", "valid or same"}});
  expect_refused({"MaxPooling1D", {{"data_format", "channels_first"}}, {}, {kSequence}, {"data_format"}});
  expect_refused({"GlobalMaxPooling1D", {{"data_format", "channels_first"}}, {}, {kSequence}, {"data_format"}});
  expect_refused({"GlobalAveragePooling1D", {{"data_format", "channels_first"}}, {}, {kSequence}, {"data_format"}});
}

TEST(LayerRefusalTest, RecurrencesOfConvolutions) {
  const json config = {{"filters", 2}, {"kernel_size", {3}}};
  const std::vector<Shape> weights{{3, 4, 8}, {3, 2, 8}, {8}};
  const auto with = [&](const char* key, const json& value) {
    json changed = config;
    changed[key] = value;
    return changed;
  };
  const json frames = {5, 7, 4};
  expect_refused({"ConvLSTM1D", with("data_format", "channels_first"), weights, {frames}, {"data_format"}});
  expect_refused({"ConvLSTM1D", with("return_state", true), weights, {frames}, {"return_state", "false"}});
  expect_refused({"ConvLSTM1D", config, weights, {{5, 7, 3}}, {"inputs", "4 features"}});
  expect_refused({"ConvLSTM1D", config, weights, {{5, 2, 4}}, {"inputs", "the kernel fits in"}});
  expect_refused({"ConvLSTM1D", config, weights, {kSequence}, {"inputs", "a rank of 4"}});
}

TEST(LayerRefusalTest, DenseAndEmbedding) {
  expect_refused({"Dense", {{"units", 3}}, {{4, 2}, {2}}, {kSequence}, {"kernel", "f32(4, 2)", "(inputs, 3)"}});
  expect_refused({"Dense", {{"units", 2}}, {{4, 2}, {3}}, {kSequence}, {"bias", "f32(3,)", "f32(2,)"}});
  expect_refused({"Dense", {{"units", 2}}, {{3, 2}, {2}}, {kSequence}, {"inputs", "a last size of 3"}});
  expect_refused({"Dense", {{"units", 2}}, {{4, 2}}, {kSequence}, {"weights", "2 for its Dense"}});
  const json table = {{"input_dim", 6}, {"output_dim", 4}};
  expect_refused({"Embedding", table, {{6, 3}}, {{5}}, {"input_dim", "f32(6, 3)"}});
  expect_refused({"Embedding", {{"input_dim", 6}}, {{6, 3}}, {{5}}, {"output_dim", "a whole number"}});
}

TEST(LayerRefusalTest, Normalizations) {
  const json two = {1, 2};
  expect_refused({"BatchNormalization", {{"axis", two}}, {{4}, {4}, {4}, {4}}, {kSequence}, {"axis", "one axis"}});
  expect_refused({"BatchNormalization", kNone, {{3}, {3}, {3}, {3}}, {kSequence}, {"inputs", "f32(3,)"}});
  expect_refused({"LayerNormalization", {{"axis", 0}}, {{4}, {4}}, {kSequence}, {"axis", "behind the batch"}});
  expect_refused({"LayerNormalization", {{"axis", {1, 1}}}, {{5, 5}, {5, 5}}, {kSequence}, {"axis", "twice"}});
  expect_refused({"LayerNormalization", {{"axis", {2, 1}}}, {{4, 5}, {4, 5}}, {kSequence}, {"axis", "ascending"}});
  expect_refused({"LayerNormalization", {{"rms_scaling", true}}, {{4}}, {kSequence}, {"rms_scaling"}});
  expect_refused({"GroupNormalization", {{"axis", two}}, {{4}, {4}}, {kSequence}, {"axis", "one axis"}});
  expect_refused({"GroupNormalization", {{"groups", 2}}, {{3}, {3}}, {kSequence}, {"inputs", "f32(3,)"}});
  expect_refused({"GroupNormalization", {{"groups", 0}}, {{4}, {4}}, {kSequence}, {"groups", "got 0"}});
  expect_refused({"RMSNormalization", kNone, {{3}}, {kSequence}, {"inputs", "f32(3,)"}});
  expect_refused({"UnitNormalization", {{"axis", 0}}, {}, {kSequence}, {"axis", "behind the batch"}});
  expect_refused({"Normalization", {{"axis", -1}}, {{3}, {3}}, {kSequence}, {"inputs", "3 elements on its axes"}});
  expect_refused({"Normalization", {{"axis", -1}}, {{3}}, {kSequence}, {"weights", "2 for its Normalization"}});
  const json words = {{"axis", -1}, {"mean", {"a"}}, {"variance", {1.0}}};
  expect_refused({"Normalization", words, {}, {kSequence}, {"mean", "lists of numbers"}});
}

TEST(LayerRefusalTest, MergesAndProducts) {
  expect_refused({"Add", kNone, {}, {{5, 4}, {5, 3}}, {"inputs", "broadcast"}});
  expect_refused({"Subtract", kNone, {}, {kSequence, kSequence, kSequence}, {"inputs", "3 tensors"}});
  expect_refused({"Concatenate", {{"axis", 3}}, {}, {kSequence, kSequence}, {"axis", "got 3"}});
  expect_refused({"Concatenate", {{"axis", -4}}, {}, {kSequence, kSequence}, {"axis", "got -4"}});
  expect_refused({"Dot", {{"axes", 0}}, {}, {kSequence, kSequence}, {"axes", "behind the batch"}});
  expect_refused({"Dot", {{"axes", {1, 3}}}, {}, {kSequence, kSequence}, {"axes", "got 3"}});
  expect_refused({"Dot", {{"axes", {1, 2, 1}}}, {}, {kSequence, kSequence}, {"axes", "one or two axes"}});
  expect_refused({"Dot", {{"axes", {1, 2}}}, {}, {kSequence, kSequence}, {"equal sizes on their axes"}});
  const json deep = {2, 2, 2, 2, 2};
  expect_refused({"Dot", {{"axes", 1}}, {}, {deep, deep}, {"inputs"}});
  ModelText text(3);
  text.input("a", {nullptr, 4}).input("b", {nullptr, 4}, "int32");
  text.add("Add", "odd", kNone, {"a", "b"}).outputs({"odd"});
  expect_words([&] { Model(text.model()); }, {"layer 'odd'", "i32(None, 4)", "the dtype of f32(None, 4)"});
}

TEST(LayerRefusalTest, Shapes) {
  const json long_target = {1, 1, 1, 1, 1, 1, 5, 4};
  expect_refused({"Reshape", {{"target_shape", long_target}}, {}, {kSequence}, {"target_shape", "fewer sizes"}});
  expect_refused({"Reshape", {{"target_shape", {0, -1}}}, {}, {kSequence}, {"inputs", "20 elements"}});
  expect_refused({"Permute", {{"dims", {2, 1}}}, {}, {{4}}, {"inputs", "a rank of 3"}});
  expect_refused({"Permute", {{"dims", {1, 3}}}, {}, {kSequence}, {"dims", "each axis from 1 on once"}});
  expect_refused({"RepeatVector", {{"n", 2}}, {}, {kSequence}, {"inputs", "a rank of 2"}});
  expect_refused({"ZeroPadding1D", {{"padding", {1, 2, 3}}}, {}, {kSequence}, {"padding", "one or two numbers"}});
  expect_refused({"ZeroPadding1D", {{"padding", json::array()}}, {}, {kSequence}, {"padding"}});
  expect_refused({"ZeroPadding1D", {{"data_format", "channels_first"}}, {}, {kSequence}, {"data_format"}});
  expect_refused({"Cropping1D", {{"data_format", "channels_first"}}, {}, {kSequence}, {"data_format"}});
  expect_refused({"Cropping1D", {{"cropping", -1}}, {}, {kSequence}, {"cropping", "got -1"}});
  expect_refused({"Cropping1D", {{"cropping", {1, "a"}}}, {}, {kSequence}, {"cropping", "whole numbers from 0"}});
  expect_refused({"UpSampling1D", {{"size", 0}}, {}, {kSequence}, {"size", "got 0"}});
  expect_refused({"Flatten", {{"data_format", "channels_first"}}, {}, {kSequence}, {"data_format"}});
}

TEST(LayerRefusalTest, OperationsOfMasks) {
  expect_refused({"NotEqual", kNone, {}, {kSequence}, {"x2", "a number"}});
  expect_refused({"Equal", kNone, {}, {kSequence, kSequence}, {"x2", "a number"}, {{"x2", "in1"}}, 1});
  expect_refused({"LogicalAnd", kNone, {}, {kSequence}, {"x2", "one tensor"}});
  expect_refused({"LogicalOr", kNone, {}, {kSequence}, {"x2", "one tensor"}, {{"x2", 1}}});
  expect_refused({"LogicalAnd", kNone, {}, {{5, 4}, {5, 3}}, {"inputs", "broadcast"}, {{"x2", "in1"}}, 1});
  for (const char* const name : {"All", "Any", "ExpandDims", "Squeeze"}) {
    expect_refused({name, kNone, {}, {kSequence}, {"axis", "one axis"}});
    expect_refused({name, {{"axis", {1, 2}}}, {}, {kSequence}, {"axis", "one axis"}});
    expect_refused({name, {{"axis", 5}}, {}, {kSequence}, {"axis", "got 5"}});
  }
  expect_refused({"Squeeze", {{"axis", 1}}, {}, {kSequence}, {"inputs", "size 1 on the axis"}});
  for (const char* const name : {"Cast", "OnesLike", "ZerosLike"}) {
    expect_refused({name, kNone, {}, {kSequence}, {"dtype", "got 9", "bool, float32 or int32"}, {{"dtype", 9}}});
  }
}

}  // namespace
}  // namespace rondo::test
