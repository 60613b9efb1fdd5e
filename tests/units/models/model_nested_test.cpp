/// Models within models, and layers within TimeDistributed.
#include <gtest/gtest.h>

#include "rondo/models/model.h"
#include "rondo/ops/ops.h"
#include "support/compare.h"
#include "support/expect_error.h"
#include "units/models/model_text.h"

namespace rondo::test {
namespace {

using nlohmann::json;

json entry(const std::string& class_name, json config) {
  return {{"class_name", class_name}, {"config", std::move(config)}};
}

class ModelNestedTest : public ::testing::TestWithParam<int> {};

// Keras 2 numbers the calls of a model that has inputs from 1, and Keras 3 does in the ends of the model around alone.
TEST_P(ModelNestedTest, CallsOfAFunctionalModelAreFoundByKerassNumbers) {
  const bool keras2 = GetParam() < 3;
  ModelText inner(GetParam());
  inner.input("a", {nullptr, 3}).add("Dense", "d", {{"units", 3}, {"activation", "tanh"}}, {"a"}).outputs({"d"});
  json nested = inner.document();
  nested["config"]["name"] = "tower";
  ModelText text(GetParam());
  text.input("x", {nullptr, 3});
  text.add("Functional", "tower", nested["config"], {"x"}).weights({{3, 3}, {3}});
  text.call("tower", {keras2 ? "tower:1:0" : "tower:0:0"});
  KerasModel contents = text.outputs({"tower:1:0", "tower:2:0"}).model();
  const KerasLayer& tower = contents.layer("tower");
  const Tensor x = random_weight({2, 3}, 9);
  const auto dense = [&](const Tensor& given) { return tanh(add(dot(given, tower.weights[0]), tower.weights[1])); };
  Model model(contents);
  const std::vector<Tensor> results = model.predict(std::vector<Tensor>{x});
  EXPECT_TRUE(close(results.at(0), dense(x), 1e-6));
  EXPECT_TRUE(close(results.at(1), dense(dense(x)), 1e-6));
}

TEST_P(ModelNestedTest, AMaskGoesThroughAModelWithin) {
  json inner = {{"name", "tower"},
                {"layers",
                 {entry("InputLayer", {{"name", "in"},
                                       {GetParam() < 3 ? "batch_input_shape" : "batch_shape", {nullptr, 5, 4}},
                                       {"dtype", "float32"}}),
                  entry("Dropout", {{"name", "drop"}, {"rate", 0.5}}),
                  entry("GRU", {{"name", "gru"}, {"units", 3}, {"return_sequences", true}, {"reset_after", true}})}}};
  ModelText text(GetParam());
  text.input("words", {nullptr, 5}, "int32");
  text.add("Embedding", "embedding", {{"input_dim", 6}, {"output_dim", 4}, {"mask_zero", true}}, {"words"});
  text.weights({{6, 4}}).add("Sequential", "tower", inner, {"embedding"});
  text.weights({{4, 9}, {3, 9}, {2, 9}}).outputs({GetParam() < 3 ? "tower:1:0" : "tower:0:0"});
  const KerasModel contents = text.model();
  Model model(contents);
  EXPECT_NE(model.describe().find("tower (Sequential): f32(None, 5, 3) with a mask"), std::string::npos)
      << model.describe();
  const Tensor words = Tensor::from({3, 1, 0, 2, 0, 0, 0, 4, 5, 0}, {2, 5});
  const Tensor& table = contents.layer("embedding").weights[0];
  std::vector<Tensor> rows;
  for (const std::int32_t word : words.to_vector<std::int32_t>()) rows.push_back(table.slice(0, word, word + 1));
  const Tensor x = concat(rows, 0).reshape({2, 5, 4});
  const LayerResult expected = (*make_layer(contents.layer("tower/gru")))(x, {.mask = words.to(DType::boolean)});
  EXPECT_TRUE(close(model.predict(words), expected.output, 1e-6));
}

TEST_P(ModelNestedTest, TimeDistributedRunsItsLayerOnEachStep) {
  ModelText text(GetParam());
  text.input("x", {nullptr, nullptr, 5, 4});
  text.add("TimeDistributed", "each", {{"layer", entry("GRU", {{"name", "gru"}, {"units", 3}, {"reset_after", true}})}},
           {"x"});
  text.weights({{4, 9}, {3, 9}, {2, 9}}).outputs({"each"});
  const KerasModel contents = text.model();
  KerasLayer gru = contents.layer("each").wrapped.at(0);
  const Tensor x = random_weight({2, 3, 5, 4}, 9);
  const Tensor y = Model(contents).predict(x);
  ASSERT_EQ(y.shape(), (Shape{2, 3, 3}));
  for (int t = 0; t < 3; ++t) {
    EXPECT_TRUE(close(y.select(1, t), (*make_layer(gru))(x.select(1, t)).output, 1e-6));
  }
}

INSTANTIATE_TEST_SUITE_P(Keras, ModelNestedTest, ::testing::Values(2, 3));

}  // namespace
}  // namespace rondo::test
