/// Recurrent layers on top of each other run as one network, and compute what they compute one by one.
#include <gtest/gtest.h>

#include "formats/keras/keras_configuration.h"
#include "models/layered_model.h"
#include "rondo/models/model.h"
#include "support/compare.h"
#include "units/models/model_text.h"

namespace rondo::test {
namespace {

using nlohmann::json;

json both(int units, const std::string& class_name, bool sequences, const std::string& merge = "concat") {
  const json inner = {{"name", "inner"}, {"units", units}, {"return_sequences", sequences}};
  return {{"layer", {{"class_name", class_name}, {"config", inner}}}, {"merge_mode", merge}};
}

std::vector<Shape> lstm_twice(std::int64_t I, std::int64_t H) {
  return {{I, 4 * H}, {H, 4 * H}, {4 * H}, {I, 4 * H}, {H, 4 * H}, {4 * H}};
}

/// LSTM, LSTM and SimpleRNN in both directions, perhaps with a mask.
ModelText three_layers(bool masked, bool top_sequences, const std::string& merge = "concat") {
  ModelText text(3);
  text.input("x", {nullptr, nullptr, 3});
  if (masked) text.add("Masking", "mask", {{"mask_value", 0.0}}, {"x"});
  text.add("Bidirectional", "one", both(4, "LSTM", true, merge), {masked ? "mask" : "x"}).weights(lstm_twice(3, 4));
  text.add("Bidirectional", "two", both(2, "LSTM", true), {"one"}).weights(lstm_twice(merge == "concat" ? 8 : 4, 2));
  text.add("Bidirectional", "three", both(5, "SimpleRNN", top_sequences), {"two"});
  return text.weights({{4, 5}, {5, 5}, {5}, {4, 5}, {5, 5}, {5}});
}

std::size_t step_count(ModelText& text) {
  const KerasModel contents = text.model();
  const json entry = json::parse(contents.configuration);
  const LayeredModel model(entry, contents.layers, "m.keras", {keras_origin("3.0", "m.keras")});
  return model.bind(model.inputs()).steps.size();
}

/// (3, 5, 3), in which rows end with steps of zeros.
Tensor padded_input() {
  const Tensor x = random_weight({3, 5, 3}, 7);
  for (const auto& [row, length] : {std::pair(1, 2), {2, 4}}) {
    for (int step = length; step < 5; ++step) x.select(0, row).select(0, step).fill(0.0);
  }
  return x;
}

TEST(ModelJoinTest, LayersInBothDirectionsAreOneNetwork) {
  for (const bool masked : {false, true}) {
    for (const bool sequences : {false, true}) {
      ModelText text = three_layers(masked, sequences);
      text.outputs({"three"});
      EXPECT_EQ(step_count(text), masked ? 2U : 1U);
      const KerasModel contents = text.model();
      const Tensor x = padded_input();
      CallOptions call;
      if (masked)
        call.mask = Tensor::from(
            {true, true, true, true, true, true, true, false, false, false, true, true, true, true, false}, {3, 5});
      Tensor expected = x;
      for (const char* const name : {"one", "two", "three"}) {
        expected = make_bidirectional(contents.layer(name))(expected, call).output.leaf();
      }
      Model model(contents);
      EXPECT_TRUE(close(model.predict(x), expected, 1e-6)) << masked << sequences;
      EXPECT_TRUE(close(model.predict(x), expected, 1e-6)) << "the kept session";
      EXPECT_NE(model.describe().find("in both directions, in a network of several layers"), std::string::npos);
    }
  }
}

TEST(ModelJoinTest, LayersStayApartWhereSomethingStandsBetween) {
  ModelText sum = three_layers(false, true, "sum");
  EXPECT_EQ(step_count(sum.outputs({"three"})), 2U);
  ModelText read_twice = three_layers(false, true);
  EXPECT_EQ(step_count(read_twice.outputs({"one", "three"})), 2U);
  ModelText dropped(3);
  dropped.input("x", {nullptr, nullptr, 3});
  dropped.add("Bidirectional", "one", both(4, "LSTM", true), {"x"}).weights(lstm_twice(3, 4));
  dropped.add("Dropout", "drop", {{"rate", 0.5}}, {"one"});
  dropped.add("Bidirectional", "two", both(2, "LSTM", true), {"drop"}).weights(lstm_twice(8, 2)).outputs({"two"});
  EXPECT_EQ(step_count(dropped), 1U);
}

TEST(ModelJoinTest, LayersThatReadForwardAreOneNetwork) {
  ModelText text(3);
  text.input("x", {nullptr, nullptr, 3});
  text.add("LSTM", "one", {{"units", 4}, {"return_sequences", true}}, {"x"}).weights({{3, 16}, {4, 16}, {16}});
  text.add("LSTM", "two", {{"units", 2}}, {"one"}).weights({{4, 8}, {2, 8}, {8}}).outputs({"two"});
  EXPECT_EQ(step_count(text), 1U);
}

}  // namespace
}  // namespace rondo::test
