/// Layers around recurrences: what they refuse, and their streams. Their values are in the goldens of models.
#include <gtest/gtest.h>

#include "rondo/models/model.h"
#include "support/compare.h"
#include "support/expect_error.h"
#include "units/models/model_text.h"

namespace rondo::test {
namespace {

using nlohmann::json;

void expect_refused(const json& shape, const std::string& class_name, const json& config,
                    const std::vector<Shape>& weights, const std::vector<std::string>& words) {
  ModelText text(3);
  text.input("x", shape).add(class_name, "odd", config, {"x"}).weights(weights).outputs({"odd"});
  expect_words([&] { Model(text.model()); }, words);
}

TEST(ModelFamilyTest, RefusesWhatDoesNotFit) {
  const json sequence = {nullptr, 5, 4};
  expect_refused(sequence, "Conv1D", {{"filters", 2}, {"kernel_size", {3}}}, {{3, 7, 2}, {2}}, {"odd", "7 features"});
  expect_refused(sequence, "Conv1D", {{"filters", 2}, {"kernel_size", {6}}}, {{6, 4, 2}, {2}}, {"odd", "5 time steps"});
  expect_refused(sequence, "Conv1D", {{"filters", 2}, {"kernel_size", {0}}}, {{1, 4, 2}, {2}}, {"odd", "kernel_size"});
  expect_refused(sequence, "MaxPooling1D", {{"pool_size", {9}}}, {}, {"odd", "at least 9"});
  expect_refused(sequence, "Reshape", {{"target_shape", {3, 7}}}, {}, {"odd", "20 elements"});
  expect_refused(sequence, "Reshape", {{"target_shape", {-1, -1}}}, {}, {"odd", "-1 twice"});
  expect_refused(sequence, "Permute", {{"dims", {1, 1}}}, {}, {"odd", "dims"});
  expect_refused(sequence, "RepeatVector", {{"n", -2}}, {}, {"odd", "n"});
  expect_refused(sequence, "BatchNormalization", {{"axis", 7}}, {{4}, {4}, {4}, {4}}, {"odd", "axis"});
  expect_refused(sequence, "LayerNormalization", json::object(), {{3}, {3}}, {"odd", "(3,)"});
  expect_refused(sequence, "GroupNormalization", {{"groups", 3}}, {{4}, {4}}, {"odd", "groups"});
  expect_refused(sequence, "Dot", {{"axes", 1}}, {}, {"odd", "inputs"});
}

ModelText two_inputs(const std::string& class_name, const json& config) {
  ModelText text(3);
  text.input("a", {nullptr, 5, 4}).input("b", {nullptr, 6, 4});
  return text.add(class_name, "odd", config, {"a", "b"}).outputs({"odd"});
}

TEST(ModelFamilyTest, MergesRefuseSizesThatDiffer) {
  expect_words([] { Model(two_inputs("Add", json::object()).model()); }, {"odd", "6", "broadcast"});
  expect_words([] { Model(two_inputs("Concatenate", {{"axis", -1}}).model()); }, {"odd", "6", "axis 2"});
  expect_words([] { Model(two_inputs("Dot", {{"axes", 1}}).model()); }, {"odd", "equal sizes"});
}

TEST(ModelFamilyTest, CausalConvolutionsStream) {
  ModelText text(3);
  const json config = {{"filters", 3}, {"kernel_size", {2}}, {"dilation_rate", {2}}, {"padding", "causal"}};
  text.input("x", {nullptr, 6, 2}).add("Conv1D", "conv", config, {"x"}).weights({{2, 2, 3}, {3}}).outputs({"conv"});
  Model model(text.model());
  const Tensor x = Tensor::from<float>({1, 2, 3, -4, 5, 6, -7, 8, 9, 1, 2, -3}, {1, 6, 2});
  const Tensor whole = model.predict(x);
  ModelStream stream = model.stream();
  for (int t = 0; t < 6; ++t) EXPECT_TRUE(close(stream.step(x.select(1, t)), whole.select(1, t), 1e-6)) << t;
}

}  // namespace
}  // namespace rondo::test
