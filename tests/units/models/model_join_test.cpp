/// Recurrent layers on top of each other run as one network, and compute what they compute one by one.
#include <gtest/gtest.h>

#include "formats/keras/keras_configuration.h"
#include "models/layered_model.h"
#include "rondo/models/model.h"
#include "support/compare.h"
#include "support/expect_error.h"
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

/// A stack, one letter a layer: 'f' reads forward, 'b' in both directions, 's' is an RNN of two cells.
struct MixedStack {
  std::string letters;
  bool masked = false;
  bool top_sequences = false;
  bool zeros = false;  ///< zero_output_for_mask of the layers that read forward

  ModelText text() const {
    ModelText text(3);
    text.input("x", {nullptr, nullptr, 3});
    if (masked) text.add("Masking", "mask", {{"mask_value", 0.0}}, {"x"});
    std::string below = masked ? "mask" : "x";
    std::int64_t I = 3;
    for (std::size_t k = 0; k < letters.size(); ++k) {
      const std::int64_t H = 2 + static_cast<std::int64_t>(k % 3);
      const bool sequences = k + 1 < letters.size() || top_sequences;
      const std::string name = "layer" + std::to_string(k);
      if (letters[k] == 'b') {
        text.add("Bidirectional", name, both(static_cast<int>(H), "LSTM", sequences), {below})
            .weights(lstm_twice(I, H));
      } else if (letters[k] == 's') {
        const auto cell = [&](const char* cell_name) {
          return json{{"class_name", "GRUCell"},
                      {"config", {{"name", cell_name}, {"units", H}, {"reset_after", true}}}};
        };
        const json cells = {{"class_name", "StackedRNNCells"},
                            {"config", {{"name", "cells"}, {"cells", {cell("lower"), cell("upper")}}}}};
        text.add("RNN", name, {{"cell", cells}, {"return_sequences", sequences}, {"zero_output_for_mask", zeros}},
                 {below});
        text.weights({{I, 3 * H}, {H, 3 * H}, {2, 3 * H}, {H, 3 * H}, {H, 3 * H}, {2, 3 * H}});
      } else {
        text.add("LSTM", name, {{"units", H}, {"return_sequences", sequences}, {"zero_output_for_mask", zeros}},
                 {below});
        text.weights({{I, 4 * H}, {H, 4 * H}, {4 * H}});
      }
      I = letters[k] == 'b' ? 2 * H : H;
      below = name;
    }
    return text.outputs({below});
  }

  /// What the layers compute one by one.
  Tensor by_hand(const KerasModel& contents, const Tensor& x) const {
    CallOptions call;
    if (masked) {
      call.mask = Tensor::from(
          {true, true, true, true, true, true, true, false, false, false, true, true, true, true, false}, {3, 5});
    }
    Tensor value = x;
    for (std::size_t k = 0; k < letters.size(); ++k) {
      const KerasLayer& layer = contents.layer("layer" + std::to_string(k));
      value = letters[k] == 'b' ? make_bidirectional(layer)(value, call).output.leaf()
                                : (*make_layer(layer))(value, call).output.leaf();
    }
    return value;
  }
};

TEST(ModelJoinTest, LayersInOneDirectionAndInBothAreOneNetwork) {
  for (const char* const letters : {"fb", "bf", "fbf", "bfb", "ffbbf", "sb", "bs", "fsbfs"}) {
    for (const int flags : {0, 1, 2, 3, 7}) {
      const MixedStack stack{letters, (flags & 1) != 0, (flags & 2) != 0, (flags & 4) != 0};
      ModelText text = stack.text();
      EXPECT_EQ(step_count(text), stack.masked ? 2U : 1U) << letters;
      const KerasModel contents = text.model();
      const Tensor x = padded_input();
      Model model(contents);
      for (const char* const call : {"first", "kept session"}) {
        EXPECT_TRUE(close(model.predict(x), stack.by_hand(contents, x), 1e-6)) << letters << flags << call;
      }
      const std::string described = model.describe();
      for (std::size_t k = 0; k < stack.letters.size(); ++k) {
        const std::string line = described.substr(described.find("layer" + std::to_string(k)));
        const std::string how = letters[k] == 'b' ? "; recurrence in both directions, in a network of several layers\n"
                                                  : "; recurrence, in a network of several layers\n";
        EXPECT_EQ(line.find(how), line.find(';')) << described;
      }
    }
  }
}

TEST(ModelJoinTest, LayersWithMoreThanASequenceStayApart) {
  const auto steps = [](const json& lower, const json& upper, const json& keywords = json::object()) {
    ModelText text(3);
    text.input("x", {3, 3, 3}).input("m", {3, 3}, "bool");
    json below = {{"units", 3}, {"return_sequences", true}};
    below.update(lower);
    json above = {{"units", 3}, {"return_sequences", true}};
    above.update(upper);
    text.add("LSTM", "one", below, {"x"}).weights({{3, 12}, {3, 12}, {12}});
    text.add("LSTM", "two", above, {"one"}, keywords).weights({{3, 12}, {3, 12}, {12}}).outputs({"two"});
    return step_count(text);
  };
  const json none = json::object();
  EXPECT_EQ(steps(none, none), 1U);
  for (const char* const option : {"stateful", "return_state", "time_major", "go_backwards"}) {
    EXPECT_EQ(steps({{option, true}}, {{option, true}}), 2U) << option;
  }
  EXPECT_EQ(steps(none, none, {{"mask", "m"}}), 2U);
  ModelText states(3);
  json both_states = both(3, "LSTM", true);
  both_states["layer"]["config"]["return_state"] = true;
  states.input("x", {nullptr, nullptr, 3}).add("Bidirectional", "one", both_states, {"x"}).weights(lstm_twice(3, 3));
  states.add("LSTM", "two", {{"units", 3}}, {"one"}).weights({{6, 12}, {3, 12}, {12}}).outputs({"two"});
  EXPECT_EQ(step_count(states), 2U);
}

TEST(ModelJoinTest, AStreamNamesTheLayerThatReadsBackward) {
  for (const auto& [letters, layer] : {std::pair("fbf", "'layer1'"), {"ffbb", "'layer2'"}, {"bf", "'layer0'"}}) {
    const Model model(MixedStack{letters}.text().model());
    expect_words([&] { static_cast<void>(model.stream()); }, {layer, "Bidirectional"});
  }
}

// Keras 3's MultiHeadAttention takes the mask of its inputs away, and the network must not bring it back.
TEST(ModelJoinTest, AMaskThatAnEarlierCallTookAwayStaysAway) {
  ModelText text(3);
  text.input("x", {nullptr, 5, 4}).add("Masking", "mask", {{"mask_value", 0.0}}, {"x"});
  text.add("MultiHeadAttention", "attend", {{"num_heads", 2}, {"key_dim", 3}}, {"mask"}, {{"value", "mask"}});
  text.weights({{4, 2, 3}, {2, 3}, {4, 2, 3}, {2, 3}, {4, 2, 3}, {2, 3}, {2, 3, 4}, {4}});
  text.add("Dense", "a", {{"units", 4}}, {"attend"}).weights({{4, 4}, {4}});
  text.add("Dense", "b", {{"units", 4}}, {"a"}).weights({{4, 4}, {4}});
  text.add("LSTM", "one", {{"units", 4}, {"return_sequences", true}}, {"mask"}).weights({{4, 16}, {4, 16}, {16}});
  text.add("LSTM", "two", {{"units", 2}}, {"one"}).weights({{4, 8}, {2, 8}, {8}}).outputs({"b", "two"});
  const KerasModel contents = text.model();
  Tensor x = random_weight({2, 5, 4}, 9);
  for (const int step : {3, 4}) x.select(0, 1).select(0, step).fill(0.0);
  Model model(contents);
  ASSERT_EQ(model.describe().find("one (LSTM): f32(None, 5, 4) with a mask"), std::string::npos) << model.describe();
  const Tensor expected =
      (*make_layer(contents.layer("two")))((*make_layer(contents.layer("one")))(x).output).output.leaf();
  EXPECT_TRUE(close(model.predict(std::vector<Tensor>{x})[1], expected, 1e-6));
}

}  // namespace
}  // namespace rondo::test
