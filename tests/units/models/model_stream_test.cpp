/// Streams: one time step at a time gives what the whole sequence gives, bit for bit.
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

json input(const json& shape, const std::string& dtype = "float32") {
  return entry("InputLayer", {{"name", "x"}, {"batch_shape", shape}, {"dtype", dtype}});
}

/// Two recurrences and a head, for sequences or for their ends.
KerasModel tagger(bool sequences) {
  return sequential_text(
      3,
      {input({nullptr, nullptr, 4}),
       entry("GRU", {{"name", "gru"}, {"units", 5}, {"return_sequences", true}, {"reset_after", true}}),
       entry("Dropout", {{"name", "drop"}, {"rate", 0.5}}),
       entry("LSTM", {{"name", "lstm"}, {"units", 3}, {"return_sequences", sequences}}),
       entry("Dense", {{"name", "head"}, {"units", 2}, {"activation", "softmax"}})},
      {{}, {{4, 15}, {5, 15}, {2, 15}}, {}, {{5, 12}, {3, 12}, {12}}, {{3, 2}, {2}}});
}

TEST(ModelStreamTest, StepsEqualTheWholeSequence) {
  for (const std::int64_t B : {1, 3}) {
    Model model(tagger(true));
    ModelStream stream = model.stream();
    const Tensor x = random_weight({B, 7, 4}, 9);
    const Tensor whole = model.predict(x);
    for (int pass = 0; pass < 2; ++pass) {
      for (std::int64_t t = 0; t < 7; ++t) {
        EXPECT_TRUE(identical(stream.step(x.select(1, t)), whole.select(1, t).contiguous()))
            << "B " << B << ", step " << t;
      }
      stream.reset();
    }
  }
}

TEST(ModelStreamTest, AnAnswerWithoutTimeIsThatOfTheStepsSoFar) {
  Model model(tagger(false));
  ModelStream stream = model.stream();
  const Tensor x = random_weight({2, 5, 4}, 9);
  for (std::int64_t t = 0; t < 5; ++t) {
    EXPECT_TRUE(identical(stream.step(x.select(1, t)), model.predict(x.slice(1, 0, t + 1)))) << "step " << t;
  }
}

TEST(ModelStreamTest, MaskedStepsRepeatTheOutput) {
  for (const bool sequences : {false, true}) {
    Model model(sequential_text(
        3,
        {input({nullptr, nullptr}, "int32"),
         entry("Embedding", {{"name", "words"}, {"input_dim", 6}, {"output_dim", 4}, {"mask_zero", true}}),
         entry("GRU", {{"name", "gru"}, {"units", 3}, {"return_sequences", sequences}, {"reset_after", true}})},
        {{}, {{6, 4}}, {{4, 9}, {3, 9}, {2, 9}}}));
    ModelStream stream = model.stream();
    const Tensor words = Tensor::from({0, 3, 0, 2, 4, 5, 0, 0, 1, 2}, {2, 5});
    for (std::int64_t t = 0; t < 5; ++t) {
      const Tensor whole = model.predict(words.slice(1, 0, t + 1));
      const Tensor last = sequences ? whole.select(1, t).contiguous() : whole;
      EXPECT_TRUE(identical(stream.step(words.select(1, t).contiguous()), last)) << "step " << t;
    }
  }
}

/// A causal convolution, a recurrence and a head.
KerasModel convolved() {
  return sequential_text(
      3,
      {input({nullptr, nullptr, 4}),
       entry("Conv1D", {{"name", "conv"}, {"filters", 5}, {"kernel_size", {3}}, {"padding", "causal"}}),
       entry("LSTM", {{"name", "lstm"}, {"units", 3}, {"return_sequences", true}})},
      {{}, {{3, 4, 5}, {5}}, {{5, 12}, {3, 12}, {12}}});
}

TEST(ModelStreamTest, StatesMoveToAnotherStream) {
  Model model(convolved());
  const Tensor x = random_weight({2, 6, 4}, 9);
  const Tensor whole = model.predict(x);
  ModelStream first = model.stream();
  EXPECT_TRUE(first.states().empty());
  for (std::int64_t t = 0; t < 3; ++t) static_cast<void>(first.step(x.select(1, t)));
  // Row 1 goes on as the only row of another stream, which has made a step of its own.
  ModelStream second = model.stream();
  static_cast<void>(second.step(x.select(1, 5).slice(0, 0, 1)));
  const std::vector<Tensor> from = first.states();
  const std::vector<Tensor> to = second.states();
  ASSERT_EQ(from.size(), 3U);  // the convolution's past, h and c
  ASSERT_EQ(to.size(), from.size());
  for (std::size_t k = 0; k < to.size(); ++k) to[k].copy_from(from[k].slice(0, 1, 2));
  for (std::int64_t t = 3; t < 6; ++t) {
    EXPECT_TRUE(close(second.step(x.select(1, t).slice(0, 1, 2)), whole.select(1, t).slice(0, 1, 2), 1e-6)) << t;
    EXPECT_TRUE(close(first.step(x.select(1, t)), whole.select(1, t), 1e-6)) << t;
  }
}

TEST(ModelStreamTest, AnotherBatchIsRefusedUntilReset) {
  for (const KerasModel& contents : {convolved(), tagger(true)}) {
    Model model(contents);
    ModelStream stream = model.stream();
    static_cast<void>(stream.step(random_weight({2, 4}, 1)));
    expect_words(
        [&] {
          static_cast<void>(stream.step(random_weight({3, 4}, 1)));
        },
        {"a batch of 3", "2, as in earlier"});
    stream.reset();
    EXPECT_EQ(stream.step(random_weight({3, 4}, 1)).size(0), 3);
  }
}

TEST(ModelStreamTest, StreamsOfOneModelDoNotMeet) {
  Model model(tagger(true));
  ModelStream first = model.stream();
  ModelStream second = model.stream();
  const Tensor x = random_weight({1, 2, 4}, 9);
  const Tensor whole = model.predict(x);
  (void)first.step(x.select(1, 0));
  EXPECT_TRUE(identical(second.step(x.select(1, 0)), whole.select(1, 0).contiguous()));
  EXPECT_TRUE(identical(first.step(x.select(1, 1)), whole.select(1, 1).contiguous()));
  expect_words([&] { (void)first.step(random_weight({2, 4}, 9)); }, {"batch of 2", "1"});
}

TEST(ModelStreamTest, AStreamOutlivesItsModel) {
  auto model = std::make_unique<Model>(tagger(true));
  ModelStream stream = model->stream();
  const Tensor x = random_weight({1, 4}, 9);
  const Tensor expected = model->stream().step(x);
  model.reset();
  EXPECT_TRUE(identical(stream.step(x), expected));
}

TEST(ModelStreamTest, LayersThatNeedAllStepsAreRefusedByName) {
  const json backwards = entry("LSTM", {{"name", "back"}, {"units", 3}, {"go_backwards", true}});
  Model model(sequential_text(3, {input({nullptr, nullptr, 4}), backwards}, {{}, {{4, 12}, {3, 12}, {12}}}));
  expect_words([&] { (void)model.stream(); }, {"m.keras", "layer 'back'", "whole sequence", "LSTM"});
  Model dense(
      sequential_text(3, {input({nullptr, 4}), entry("Dense", {{"name", "d"}, {"units", 2}})}, {{}, {{4, 2}, {2}}}));
  expect_words([&] { (void)dense.stream(); }, {"m.keras", "time axis"});
}

TEST(ModelJoinTest, RecurrencesOnTopOfEachOtherAreOneNetwork) {
  const KerasModel contents = tagger(true);
  Model model(contents);
  const std::string described = model.describe();
  EXPECT_NE(described.find("gru (GRU): f32(None, None, 5); recurrence, in a network"), std::string::npos) << described;
  const Tensor x = random_weight({2, 5, 4}, 9);
  const Tensor between = (*make_layer(contents.layer("gru")))(x).output;
  const Tensor top = (*make_layer(contents.layer("lstm")))(between).output;
  const std::vector<Tensor>& head = contents.layer("head").weights;
  EXPECT_TRUE(close(model.predict(x), softmax(add(dot(top, head[0]), head[1])), 1e-6));
}

TEST(ModelJoinTest, ASequenceThatTheModelGivesIsNotJoined) {
  ModelText text(3);
  text.input("x", {nullptr, nullptr, 4});
  text.add("LSTM", "lower", {{"units", 3}, {"return_sequences", true}}, {"x"}).weights({{4, 12}, {3, 12}, {12}});
  text.add("LSTM", "upper", {{"units", 2}}, {"lower"}).weights({{3, 8}, {2, 8}, {8}});
  const KerasModel contents = text.outputs({"lower", "upper"}).model();
  Model model(contents);
  EXPECT_EQ(model.describe().find("network"), std::string::npos) << model.describe();
  const Tensor x = random_weight({2, 5, 4}, 9);
  const std::vector<Tensor> results = model.predict(std::vector<Tensor>{x});
  EXPECT_TRUE(close(results.at(0), (*make_layer(contents.layer("lower")))(x).output, 1e-6));
}

TEST(ModelJoinTest, MaskedStepsOfAJoinedNetworkAreThoseOfItsLayers) {
  for (const bool zeros : {false, true}) {
    ModelText text(3);
    text.input("words", {nullptr, nullptr}, "int32");
    text.add("Embedding", "words in", {{"input_dim", 6}, {"output_dim", 4}, {"mask_zero", true}}, {"words"});
    text.weights({{6, 4}});
    text.add("GRU", "lower", {{"units", 3}, {"return_sequences", true}, {"reset_after", true}}, {"words in"});
    text.weights({{4, 9}, {3, 9}, {2, 9}});
    text.add("GRU", "upper",
             {{"units", 2}, {"return_sequences", true}, {"reset_after", true}, {"zero_output_for_mask", zeros}},
             {"lower"});
    const KerasModel contents = text.weights({{3, 6}, {2, 6}, {2, 6}}).outputs({"upper"}).model();
    const Tensor words = Tensor::from({0, 3, 0, 2, 4, 5, 0, 0, 1, 2}, {2, 5});
    std::vector<Tensor> rows;
    const Tensor& table = contents.layer("words in").weights[0];
    for (const std::int32_t word : words.to_vector<std::int32_t>()) rows.push_back(table.slice(0, word, word + 1));
    const CallOptions call{.mask = words.to(DType::boolean)};
    const Tensor between = (*make_layer(contents.layer("lower")))(concat(rows, 0).reshape({2, 5, 4}), call).output;
    EXPECT_TRUE(
        close(Model(contents).predict(words), (*make_layer(contents.layer("upper")))(between, call).output, 1e-6));
  }
}

TEST(ModelStateTest, AStatefulModelGoesOnUntilItIsReset) {
  const json lstm = entry("LSTM", {{"name", "lstm"}, {"units", 3}, {"stateful", true}, {"return_sequences", true}});
  Model model(sequential_text(3, {input({2, nullptr, 4}), lstm}, {{}, {{4, 12}, {3, 12}, {12}}}));
  EXPECT_TRUE(model.is_stateful());
  model.reset_states();  // before the first call, too
  const Tensor x = random_weight({2, 6, 4}, 3);
  const Tensor whole = model.predict(x);
  model.reset_states();
  const Tensor first = model.predict(x.slice(1, 0, 2));
  const Tensor second = model.predict(x.slice(1, 2, 6));
  EXPECT_TRUE(close(first, whole.slice(1, 0, 2), 1e-6));
  EXPECT_TRUE(close(second, whole.slice(1, 2, 6), 1e-6));
  EXPECT_FALSE(Model(tagger(true)).is_stateful());
}

}  // namespace
}  // namespace rondo::test
