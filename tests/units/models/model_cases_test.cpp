/// Models of people who reported that something failed, and Keras's answers.
#include <gtest/gtest.h>

#include <string>

#include "rondo/formats/safetensors.h"
#include "rondo/models/model.h"
#include "support/compare.h"
#include "support/expect_error.h"

namespace rondo::test {
namespace {

std::string case_file(const std::string& name) { return std::string(RONDO_MODEL_CASES) + "/" + name; }

/// A model and the file with its inputs and Keras's answer.
struct ModelCase {
  std::string model;
  std::string expected;
};

class ModelCaseTest : public ::testing::TestWithParam<ModelCase> {};

TEST_P(ModelCaseTest, GivesKerassAnswer) {
  Model model = load_keras_model(case_file(GetParam().model));
  const Safetensors expected = load_safetensors(case_file(GetParam().expected));
  EXPECT_TRUE(close(model.predict(expected.tensor("x")), expected.tensor("y"), 1e-5)) << model.describe();
}

class NestedModelTest : public ::testing::TestWithParam<ModelCase> {};

TEST_P(NestedModelTest, AModelWithinIsSharedByItsCalls) {
  Model model = load_keras_model(case_file(GetParam().model));
  const Safetensors expected = load_safetensors(case_file(GetParam().expected));
  const std::vector<Tensor> results = model.predict(std::vector<Tensor>{expected.tensor("a"), expected.tensor("b")});
  EXPECT_TRUE(close(results.at(0), expected.tensor("y"), 1e-5)) << model.describe();
}

/// A file whose calls do not say which masks they get, as those of the first Keras 3. Attention within a model takes
/// the mask away from the LSTM that reads the same tensor later, in Keras 3.15.
TEST(ModelFilesTest, AttentionWithinTakesTheMaskAway) {
  Model model = load_keras_model(case_file("old_attention_keras3.keras"));
  const Safetensors expected = load_safetensors(case_file("expected_old_attention_keras3.safetensors"));
  const std::vector<Tensor> results = model.predict(std::vector<Tensor>{expected.tensor("x")});
  EXPECT_TRUE(close(results.at(0), expected.tensor("y"), 1e-5)) << model.describe();
  EXPECT_TRUE(close(results.at(1), expected.tensor("z"), 1e-5)) << model.describe();
}

INSTANTIATE_TEST_SUITE_P(Files, NestedModelTest,
                         ::testing::Values(ModelCase{"nested_keras2.keras", "expected_nested_keras2.safetensors"},
                                           ModelCase{"nested_keras3.keras", "expected_nested_keras3.safetensors"},
                                           ModelCase{"nested_keras3.h5", "expected_nested_keras3.safetensors"}));

INSTANTIATE_TEST_SUITE_P(Files, ModelCaseTest,
                         ::testing::Values(ModelCase{"k2_mask_bi.keras", "expected_k2_mask_bi.safetensors"},
                                           ModelCase{"k2_sentiment.keras", "expected_k2_sentiment.safetensors"},
                                           ModelCase{"k2_sentiment.keras",
                                                     "expected_k2_sentiment_left_padding.safetensors"},
                                           ModelCase{"k3_sentiment.keras", "expected_k3_sentiment.safetensors"},
                                           ModelCase{"k3_td_masked.keras", "expected_k3_td_masked.safetensors"}),
                         [](const auto& one) { return one.param.expected.substr(9, one.param.expected.size() - 21); });

/// The architecture and the weights in files of their own; these weights have arrays for each gate.
TEST(ModelFilesTest, AnArchitectureAndItsWeights) {
  const std::filesystem::path folder = std::filesystem::path(RONDO_TEST_DATA) / "keras/keras1";
  Model model = load_keras_model(folder / "gates.json", folder / "gates.h5");
  const Safetensors expected = load_safetensors(folder / "expected.safetensors");
  EXPECT_TRUE(close(model.predict(expected.tensor("x")), expected.tensor("y"), 1e-5)) << model.describe();
}

TEST(ModelFilesTest, ARegisteredSubclass) {
  const std::filesystem::path folder = std::filesystem::path(RONDO_TEST_DATA) / "keras/wrapped_recurrent_layers";
  KerasRegistry registry;
  registry.add("mine>MyLSTM", "LSTM");
  Model model = load_keras_model(folder / "subclass.keras", {}, registry);
  const Safetensors expected = load_safetensors(folder / "expected_subclass.safetensors");
  EXPECT_TRUE(close(model.predict(expected.tensor("x")), expected.tensor("y"), 1e-5)) << model.describe();
  // `{}` stands for options or a registry, and never for a second file.
  expect_words([&] { static_cast<void>(load_keras_model(folder / "subclass.keras", {})); }, {"'rnn'", "'mine>MyLSTM'"});
  EXPECT_FALSE(load_keras(folder / "subclass.keras", {}).layers.empty());
}

}  // namespace
}  // namespace rondo::test
