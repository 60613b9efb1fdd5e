/// Layers that are activations, by their formulas.
#include <gtest/gtest.h>

#include <cmath>

#include "rondo/models/model.h"
#include "rondo/ops/ops.h"
#include "support/compare.h"
#include "support/expect_error.h"
#include "units/models/model_text.h"

namespace rondo::test {
namespace {

using nlohmann::json;

const std::vector<float>& samples() {
  static const std::vector<float> kSamples = {-3.0F, -1.0F, -0.25F, 0.0F, 0.25F, 0.5F, 1.0F, 4.0F};
  return kSamples;
}

ModelText layer_of_class(const std::string& class_name, const json& config) {
  ModelText text(3);
  return text.input("x", {nullptr, 8}).add(class_name, "act", config, {"x"}).outputs({"act"});
}

/// Runs a layer on the samples and compares it with a formula.
void expect_formula(const std::string& class_name, const json& config, const std::function<double(double)>& formula) {
  std::vector<float> expected;
  for (const float x : samples()) expected.push_back(static_cast<float>(formula(x)));
  const Tensor y = Model(layer_of_class(class_name, config).model()).predict(Tensor::from(samples(), {1, 8}));
  EXPECT_TRUE(close(y, Tensor::from(expected, {1, 8}), 1e-6)) << class_name << " " << config.dump();
}

TEST(ModelActivationTest, LayersFollowTheirFormulas) {
  expect_formula("ReLU", json::object(), [](double x) { return std::max(x, 0.0); });
  expect_formula("ReLU", {{"negative_slope", 0.1}, {"max_value", 2.0}, {"threshold", 0.3}}, [](double x) {
    if (x >= 2.0) return 2.0;
    return x >= 0.3 ? x : 0.1 * (x - 0.3);
  });
  expect_formula("LeakyReLU", {{"alpha", 0.2}}, [](double x) { return x < 0 ? 0.2 * x : x; });
  expect_formula("LeakyReLU", {{"negative_slope", 0.4}}, [](double x) { return x < 0 ? 0.4 * x : x; });
  expect_formula("ELU", {{"alpha", 0.7}}, [](double x) { return x > 0 ? x : 0.7 * std::expm1(x); });
  // At exactly the threshold, 0: docs/semantics.md.
  expect_formula("ReLU", {{"threshold", 0.5}}, [](double x) { return x > 0.5 ? x : 0.0; });
  expect_formula("ThresholdedReLU", {{"theta", 0.25}}, [](double x) { return x > 0.25 ? x : 0.0; });
  expect_formula("Activation", {{"activation", "tanh"}}, [](double x) { return std::tanh(x); });
  expect_formula("Activation", {{"activation", "linear"}}, [](double x) { return x; });
}

TEST(ModelActivationTest, APReluHasASlopeForEachFeature) {
  ModelText text(2);
  text.input("x", {nullptr, nullptr, 2}).add("PReLU", "act", {{"shared_axes", {1}}}, {"x"}).weights({{1, 2}});
  const KerasModel contents = text.outputs({"act"}).model();
  const Tensor x = random_weight({2, 3, 2}, 5);
  const Tensor expected = sub(relu(x), mul(contents.layer("act").weights[0], relu(neg(x))));
  EXPECT_TRUE(identical(Model(contents).predict(x), expected));
}

TEST(ModelActivationTest, ASoftmaxLeavesMaskedElementsOut) {
  for (const int keras : {2, 3}) {
    ModelText text(keras);
    text.input("x", {nullptr, 4}).input("m", {nullptr, 4}, "bool");
    text.add("Softmax", "act", {{"axis", -1}}, {"x"}, {{"mask", "m"}}).outputs({"act"});
    const Tensor x = random_weight({2, 4}, 5);
    const Tensor mask = Tensor::from({true, false, true, true, true, true, false, false}, {2, 4});
    const Tensor low = Tensor::full(Shape{}, -1e9, DType::f32);
    const Tensor y = Model(text.model()).predict(std::vector<Tensor>{x, mask})[0];
    EXPECT_TRUE(close(y, softmax(where(mask, x, low)), 1e-6));
  }
}

TEST(ModelActivationTest, ASoftmaxMayBeOverSeveralAxes) {
  ModelText text(3);
  text.input("x", {nullptr, 3, 4}).add("Softmax", "act", {{"axis", {1, 2}}}, {"x"}).outputs({"act"});
  const Tensor x = random_weight({2, 3, 4}, 5);
  const Tensor expected = softmax(x.reshape({2, 12})).reshape({2, 3, 4});
  EXPECT_TRUE(close(Model(text.model()).predict(x), expected, 1e-6));
}

TEST(ModelActivationTest, NumbersThatCannotBeAreRefused) {
  const std::vector<std::pair<std::string, json>> kWrong = {{"ReLU", {{"negative_slope", -1.0}}},
                                                            {"ReLU", {{"max_value", "6"}}},
                                                            {"LeakyReLU", {{"alpha", -0.1}}},
                                                            {"Softmax", {{"axis", 2}}},
                                                            {"Softmax", {{"axis", 1e9}}}};
  for (const auto& [class_name, config] : kWrong) {
    const std::string key = config.begin().key();
    expect_words([&, &name = class_name, &options = config] { Model(layer_of_class(name, options).model()); },
                 {"m.keras", "layer 'act'", key});
  }
}

}  // namespace
}  // namespace rondo::test
