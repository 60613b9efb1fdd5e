/// Files from users' reports, and what their owner computed.
#include <gtest/gtest.h>

#include "rondo/formats/keras_model.h"
#include "rondo/formats/safetensors.h"
#include "rondo/ops/ops.h"
#include "support/compare.h"
#include "support/expect_error.h"
#include "units/formats/keras_files.h"

namespace rondo::test {
namespace {

constexpr double kTolerance = 1e-5;

Tensor dense(const Tensor& x, const KerasLayer& layer) { return add(dot(x, layer.weights.at(0)), layer.weights.at(1)); }

Tensor run(const KerasLayer& layer, const Tensor& x) { return make_recurrent(layer)(x).output.leaf(); }

class NestedModelTest : public ::testing::TestWithParam<std::string> {};

TEST_P(NestedModelTest, HasItsLayersByPath) {
  const std::string start = "nested_model/" + GetParam();
  const KerasModel model = load_keras(keras_fixture(start));
  const std::string expected_file = "nested_model/expected_keras" + GetParam().substr(5, 1) + ".safetensors";
  const Safetensors expected = load_safetensors(keras_fixture(expected_file));
  const KerasLayer& tower = model.layer("tower");
  ASSERT_EQ(tower.layers.size(), 3U);
  ASSERT_EQ(tower.weights.size(), 8U);
  for (std::size_t k = 0; k < 8; ++k) {
    EXPECT_TRUE(identical(tower.weights[k], expected.tensor("w" + std::to_string(k)))) << k;
  }
  const auto tower_of = [&](const char* x) {
    const Tensor h = run(model.layer("tower/in_gru"), run(model.layer("tower/in_lstm"), expected.tensor(x)));
    return dense(h, model.layer("tower/in_dense"));
  };
  const Tensor y = dense(concat({tower_of("a"), tower_of("b")}), model.layer("head"));
  EXPECT_TRUE(close(y, expected.tensor("y"), kTolerance));
}

std::string nested_name(const ::testing::TestParamInfo<std::string>& info) { return replaced(info.param, ".", "_"); }

INSTANTIATE_TEST_SUITE_P(Keras, NestedModelTest, ::testing::Values("keras2.keras", "keras3.keras", "keras3.h5"),
                         nested_name);

TEST(KerasCaseTest, CudnnLayers) {
  for (const std::string name : {"lstm", "gru"}) {
    SCOPED_TRACE(name);
    const Safetensors expected = load_safetensors(keras_fixture("cudnn_layers/expected_" + name + ".safetensors"));
    const KerasModel model = load_keras(keras_fixture("cudnn_layers/" + name + ".h5"));
    const Tensor h = make_layer(model.layer("rnn"))->operator()(expected.tensor("x")).output.leaf();
    EXPECT_TRUE(close(h, expected.tensor("rnn"), kTolerance));
    EXPECT_TRUE(close(dense(h, model.layer("out")), expected.tensor("y"), kTolerance));

    const KerasModel alone = load_keras(keras_fixture("cudnn_layers/" + name + "_weights.h5"));
    const RecurrentWeights weights = recurrent_weights(alone.layer("rnn"));
    const RNNOptions options{.return_sequences = true};
    const Tensor by_hand = name == "lstm" ? LSTM({.units = 4}, weights, options)(expected.tensor("x")).output.leaf()
                                          : GRU({.units = 4}, weights, options)(expected.tensor("x")).output.leaf();
    EXPECT_TRUE(close(by_hand, expected.tensor("rnn"), kTolerance));

    const Safetensors both =
        load_safetensors(keras_fixture("cudnn_layers/expected_bidirectional_" + name + ".safetensors"));
    const KerasModel wrapped = load_keras(keras_fixture("cudnn_layers/bidirectional_" + name + ".h5"));
    EXPECT_TRUE(close(run(wrapped.layer("bi"), both.tensor("x")), both.tensor("y"), kTolerance));
    const LoadedNetwork network = keras_network(wrapped.layers);
    EXPECT_EQ(network.output_features(), 8);
  }
}

/// An array for each gate of an LSTM and a GRU, as Keras 1 wrote them and Keras 2 reads them.
TEST(KerasCaseTest, WeightsOfKeras1) {
  const Safetensors expected = load_safetensors(keras_fixture("keras1/expected.safetensors"));
  const KerasModel model = load_keras(keras_fixture("keras1/gates.json"), keras_fixture("keras1/gates.h5"));
  Tensor h = expected.tensor("x");
  for (const char* const name : {"lstm_1", "bidirectional_1", "gru_1"}) h = run(model.layer(name), h);
  EXPECT_TRUE(close(h, expected.tensor("y"), kTolerance));

  const KerasModel alone = load_keras(keras_fixture("keras1/gates.h5"));
  EXPECT_EQ(alone.layer("bidirectional_1").weights.size(), 6U);
  EXPECT_EQ(recurrent_weights(alone.layer("gru_1")).kernel.shape(), (Shape{4, 15}));
}

TEST(KerasCaseTest, WeightsOfACudnnLayerForAnLstm) {
  // Keras loads them, and tells the layout by the bias.
  KerasModel model = load_keras(keras_fixture("cudnn_layers/lstm.h5"));
  const Safetensors expected = load_safetensors(keras_fixture("cudnn_layers/expected_lstm.safetensors"));
  KerasLayer layer = model.layer("rnn");
  layer.class_name = "LSTM";
  EXPECT_TRUE(close(run(layer, expected.tensor("x")), expected.tensor("rnn"), kTolerance));
  layer.recurrent->cells[0] = {.kind = CellKind::gru, .units = 4, .reset_after = false};
  EXPECT_THROW(static_cast<void>(make_layer(layer)), ValueError);
}

TEST(KerasCaseTest, WrappedRecurrentLayers) {
  const auto expected = [](const std::string& name) {
    return load_safetensors(keras_fixture("wrapped_recurrent_layers/expected_" + name + ".safetensors"));
  };
  const KerasModel documents = load_keras(keras_fixture("wrapped_recurrent_layers/time_distributed.keras"));
  const Safetensors distributed = expected("time_distributed");
  const Tensor sentences = run(documents.layer("sent"), distributed.tensor("x"));
  EXPECT_EQ(sentences.shape(), (Shape{2, 3, 3}));
  const Tensor y = dense(run(documents.layer("doc"), sentences), documents.layer("out"));
  EXPECT_TRUE(close(y, distributed.tensor("y"), kTolerance));
  expect_words([&] { static_cast<void>(make_layer(documents.layer("sent"))); },
               {"'sent'", "'TimeDistributed'", "make_recurrent"});

  const KerasModel images = load_keras(keras_fixture("wrapped_recurrent_layers/conv_lstm.keras"));
  const Safetensors conv = expected("conv_lstm");
  const Tensor below = make_layer(images.layer("cl"))->operator()(conv.tensor("x")).output.leaf();
  EXPECT_TRUE(close(run(images.layer("cl2"), below), conv.tensor("y"), kTolerance));
}

TEST(KerasCaseTest, ARegisteredSubclass) {
  const std::filesystem::path path = keras_fixture("wrapped_recurrent_layers/subclass.keras");
  const KerasModel unknown = load_keras(path);
  expect_words([&] { static_cast<void>(make_layer(unknown.layer("rnn"))); },
               {"'rnn'", "'mine>MyLSTM'", "a KerasRegistry may say"});
  EXPECT_EQ(unknown.layer("rnn").weights.size(), 3U);
  KerasRegistry registry;
  registry.add("mine>MyLSTM", "LSTM");
  const KerasModel model = load_keras(path, registry);
  const Safetensors expected =
      load_safetensors(keras_fixture("wrapped_recurrent_layers/expected_subclass.safetensors"));
  const Tensor h = run(model.layer("rnn"), expected.tensor("x"));
  EXPECT_TRUE(close(dense(h, model.layer("out")), expected.tensor("y"), kTolerance));
  EXPECT_EQ(model.layer("rnn").class_name, "mine>MyLSTM");
}

TEST(KerasCaseTest, ADenseWhoseActivationIsAnObject) {
  for (const std::string name : {"leaky_keras2.h5", "leaky_keras3.keras", "own_function_keras3.keras"}) {
    SCOPED_TRACE(name);
    const std::string start = "dense_activation_object/";
    const KerasModel model = load_keras(keras_fixture(start + name));
    const std::string stem = name.substr(0, name.find('.'));
    const Safetensors expected = load_safetensors(keras_fixture(start + "expected_" + stem + ".safetensors"));
    const Tensor h = run(model.layer("rnn"), expected.tensor("x"));
    if (expected.contains("rnn")) {
      EXPECT_TRUE(close(h, expected.tensor("rnn"), kTolerance));
    }
    const Tensor z = dense(h, model.layer("out"));
    const bool leaky = stem != "own_function_keras3";
    EXPECT_EQ(model.layer("out").dense->activation, leaky ? "LeakyReLU" : "mine>my_tanh");
    EXPECT_EQ(model.layer("out").problem, "");
    const Tensor y = leaky ? add(relu(z), mul(relu(neg(z)), -0.2)) : tanh(z);
    EXPECT_TRUE(close(y, expected.tensor("y"), kTolerance));
  }
}

TEST(KerasCaseTest, CompanionFiles) {
  const KerasModel model =
      load_keras(keras_fixture("companion_files/seq2seq.json"), keras_fixture("companion_files/seq2seq.h5"));
  const Safetensors expected = load_safetensors(keras_fixture("companion_files/expected_seq2seq.safetensors"));
  const LayerResult encoded = (*make_layer(model.layer("enc")))(expected.tensor("enc"));
  const LayerResult decoded =
      (*make_layer(model.layer("dec")))(expected.tensor("dec"), {.initial_state = encoded.states});
  const KerasLayer& inner = model.layer("proj/dense_1");
  EXPECT_EQ(inner.dense->activation, "softmax");
  const Tensor z = exp(dense(decoded.output, inner));
  const Tensor y = div(z, sum(z, {-1}, true));
  EXPECT_TRUE(close(y, expected.tensor("y"), kTolerance));
  expect_words([] { static_cast<void>(load_keras(keras_fixture("companion_files/seq2seq.json"))); },
               {"seq2seq.json", "the architecture of a model alone", "second file"});
}

TEST(KerasCaseTest, SubclassedModelsGiveTheirWeights) {
  for (const int keras : {2, 3}) {
    const KerasModel model =
        load_keras(keras_fixture("subclassed_models/subclassed_keras" + std::to_string(keras) + ".keras"));
    EXPECT_EQ(model.layers.size(), 4U);
    expect_words([&] { throw ValueError(model.problem); }, {keras == 2 ? "'Custom>Net'" : "'mine>Net'", "subclassed"});
    EXPECT_NE(describe(model).find("subclassed"), std::string::npos);
  }
}

}  // namespace
}  // namespace rondo::test
