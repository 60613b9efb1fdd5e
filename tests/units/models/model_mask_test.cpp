/// How masks pass from layer to layer, as Keras 2.15 and Keras 3.15 have it.
#include <gtest/gtest.h>

#include "rondo/models/model.h"
#include "rondo/ops/ops.h"
#include "support/compare.h"
#include "support/expect_error.h"
#include "units/models/model_text.h"

namespace rondo::test {
namespace {

const Tensor& words() {
  static const Tensor kWords = Tensor::from({3, 1, 0, 2, 0, 0, 0, 4, 5, 0}, {2, 5});
  return kWords;
}

/// Words, an embedding with a mask, and what follows.
ModelText embedded(int keras) {
  ModelText text(keras);
  text.input("words", {nullptr, 5}, "int32");
  return text.add("Embedding", "embedding", {{"input_dim", 6}, {"output_dim", 4}, {"mask_zero", true}}, {"words"})
      .weights({{6, 4}});
}

Tensor mask_of_words() { return words().to(DType::boolean); }

class ModelMaskTest : public ::testing::TestWithParam<int> {};

TEST_P(ModelMaskTest, AMaskReachesARecurrenceThroughLayersThatPassIt) {
  ModelText text = embedded(GetParam());
  text.add("Dropout", "drop", {{"rate", 0.5}}, {"embedding"});
  text.add("Activation", "act", {{"activation", "tanh"}}, {"drop"});
  text.add("GRU", "gru", {{"units", 3}, {"reset_after", true}}, {"act"}).weights({{4, 9}, {3, 9}, {2, 9}});
  const KerasModel contents = text.outputs({"gru"}).model();
  Model before(embedded(GetParam()).outputs({"embedding"}).model());
  const Tensor x = activate(Activation::tanh, before.predict(words()));
  const Tensor expected = (*make_layer(contents.layer("gru")))(x, {.mask = mask_of_words()}).output;
  EXPECT_TRUE(close(Model(contents).predict(words()), expected, 1e-6));
  EXPECT_FALSE(close((*make_layer(contents.layer("gru")))(x).output, expected, 1e-2));
}

// Keras 3 hands a mask to `call` only if no other argument has tensors: an LSTM with initial states reads all steps.
TEST_P(ModelMaskTest, InitialStatesHideTheMaskInKeras3Alone) {
  ModelText text = embedded(GetParam());
  text.input("h", {nullptr, 3}).input("c", {nullptr, 3});
  if (GetParam() < 3) {
    text.add("LSTM", "lstm", {{"units", 3}}, {"embedding", "h", "c"});
  } else {
    text.add("LSTM", "lstm", {{"units", 3}}, {"embedding"}, {{"initial_state", {"h", "c"}}});
  }
  const KerasModel contents = text.weights({{4, 12}, {3, 12}, {12}}).outputs({"lstm"}).model();
  const States states = {random_weight({2, 3}, 60), random_weight({2, 3}, 61)};
  Model before(embedded(GetParam()).outputs({"embedding"}).model());
  CallOptions options{.initial_state = states};
  if (GetParam() < 3) options.mask = mask_of_words();
  const Tensor expected = (*make_layer(contents.layer("lstm")))(before.predict(words()), options).output;
  const Tensor actual = Model(contents).predict(std::vector<Tensor>{words(), states[0].leaf(), states[1].leaf()})[0];
  EXPECT_TRUE(close(actual, expected, 1e-6));
}

TEST_P(ModelMaskTest, AMaskMayBeATensorOfTheModel) {
  ModelText text(GetParam());
  text.input("x", {nullptr, 5, 4}).input("m", {nullptr, 5}, "bool");
  text.add("LSTM", "lstm", {{"units", 3}}, {"x"}, {{"mask", "m"}}).weights({{4, 12}, {3, 12}, {12}});
  const KerasModel contents = text.outputs({"lstm"}).model();
  const Tensor x = random_weight({2, 5, 4}, 7);
  const Tensor expected = (*make_layer(contents.layer("lstm")))(x, {.mask = mask_of_words()}).output;
  EXPECT_TRUE(close(Model(contents).predict(std::vector<Tensor>{x, mask_of_words()})[0], expected, 1e-6));
}

TEST_P(ModelMaskTest, MaskingDropsStepsWhoseValuesAllAreItsOwn) {
  ModelText text(GetParam());
  text.input("x", {nullptr, 4, 2}).add("Masking", "skip", {{"mask_value", -1.0}}, {"x"});
  text.add("SimpleRNN", "rnn", {{"units", 3}}, {"skip"}).weights({{2, 3}, {3, 3}, {3}});
  const KerasModel contents = text.outputs({"rnn"}).model();
  Tensor x = random_weight({2, 4, 2}, 8);
  x.select(1, 1).fill(-1);
  x.select(0, 0).select(0, 2).slice(0, 0, 1).fill(-1);  // half of a step
  const Tensor mask = Tensor::from({true, false, true, true, true, false, true, true}, {2, 4});
  const Tensor expected = (*make_layer(contents.layer("rnn")))(x, {.mask = mask}).output;
  EXPECT_TRUE(close(Model(contents).predict(x), expected, 1e-6));
}

TEST_P(ModelMaskTest, ARecurrenceEndsAMaskUnlessItReturnsSequences) {
  for (const bool sequences : {false, true}) {
    ModelText text = embedded(GetParam());
    text.add("LSTM", "lstm", {{"units", 3}, {"return_sequences", sequences}}, {"embedding"});
    text.weights({{4, 12}, {3, 12}, {12}}).outputs({"lstm"});
    const std::string described = Model(text.model()).describe();
    const std::string line = described.substr(described.find("lstm"));
    EXPECT_EQ(line.find("with a mask") != std::string::npos, sequences) << described;
  }
}

TEST_P(ModelMaskTest, WordsBeyondTheTableAreRefused) {
  Model model(embedded(GetParam()).outputs({"embedding"}).model());
  for (const int word : {6, -1}) {
    expect_words(
        [&] {
          (void)model.predict(Tensor::from({1, 2, word, 3, 4}, {1, 5}));
        },
        {"m.keras", "layer 'embedding'", std::to_string(word), "0 to 5"});
  }
}

INSTANTIATE_TEST_SUITE_P(Keras, ModelMaskTest, ::testing::Values(2, 3));

}  // namespace
}  // namespace rondo::test
