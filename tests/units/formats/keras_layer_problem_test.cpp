/// What Rondo lacks for one layer of a file is that layer's problem: the file loads, and says why.
#include <gtest/gtest.h>

#include <functional>

#include "formats/keras/keras_configuration.h"
#include "formats/keras/keras_contents.h"
#include "formats/keras/keras_layer.h"
#include "rondo/formats/keras_model.h"
#include "support/expect_error.h"
#include "units/formats/keras_files.h"

namespace rondo::test {
namespace {

using Path = std::filesystem::path;

/// A copy of a legacy file with changes.
Path changed(const std::string& fixture, const std::function<void(HdfEditor&)>& change) {
  const Path path = scratch_copy(fixture);
  HdfEditor editor(path, HdfEditor::Mode::change);
  change(editor);
  return path;
}

/// The fixture with another text in its configuration.
KerasModel with_configuration(const std::string& from, const std::string& to) {
  Archive files = read_archive(keras_fixture("two_layers_keras3.keras"));
  files["config.json"] = replaced(files["config.json"], from, to);
  write_archive(scratch("model.keras"), files);
  return load_keras(scratch("model.keras"));
}

TEST(KerasLayerProblemTest, TheFileLoadsAndTheLayerThrows) {
  const KerasModel model = with_configuration("\"activation\": \"tanh\"", "\"activation\": \"mine>own\"");
  const KerasLayer& first = model.layers.at(0);
  const auto make = [&] { static_cast<void>(make_layer(first)); };
  expect_words(make, {"model.keras: layer '" + first.name + "': activation", "mine>own"});
  EXPECT_EQ(first.weights.size(), 3U);
  EXPECT_FALSE(first.recurrent);
  EXPECT_NO_THROW(static_cast<void>(make_layer(model.layers.at(1))));
  const std::string text = describe(model);
  EXPECT_NE(text.find("  " + first.name + ": LSTM; f32(3, 16), f32(4, 16), f32(16,); cannot be made: activation"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("Dense(5, linear)"), std::string::npos) << text;
}

TEST(KerasLayerProblemTest, DescribeListsLayersInsideOthers) {
  const KerasModel model = load_keras(keras_fixture("wrapped/nested_keras2.keras"));
  const std::string text = describe(model);
  for (const char* const line :
       {"nested_keras2.keras, of Keras 2.15.0\n", "\n  tower: Sequential; 17 weights\n",
        "\n    inner: Functional; 7 weights\n",
        "\n      rnn: LSTM(3), return_sequences; f32(3, 12), f32(3, 12), f32(12,)\n",
        "\n  word_steps: TimeDistributed; ", "\n      word_dense: Dense(2, linear); f32(2, 2), f32(2,)"}) {
    EXPECT_NE(text.find(line), std::string::npos) << line << " is not in:\n" << text;
  }
  EXPECT_EQ(describe(model.layer("tower/gru")), "gru: GRU(2), return_sequences; f32(3, 6), f32(2, 6), f32(2, 6)");
}

TEST(KerasLayerProblemTest, WholeNumbersAreRead) {
  const std::string kernel = "layers/dense/vars/0";
  Archive files = read_archive(keras_fixture("two_layers_keras3.keras"));
  write_text(scratch("inside.h5"), files["model.weights.h5"]);
  {
    HdfEditor editor(scratch("inside.h5"), HdfEditor::Mode::change);
    editor.remove(kernel);
    editor.dataset(kernel, {2, 5}, {-127, 1, 2, 3, 4, 5, 6, 7, 8, 127}, H5T_STD_I8LE);  // as `quantize` writes it
    editor.dataset("layers/dense/vars/2", {5}, {1, 2, 3, 4, 5}, H5T_IEEE_F32LE);
  }
  files["model.weights.h5"] = read_text(scratch("inside.h5"));
  write_archive(scratch("model.keras"), files);
  const KerasModel model = load_keras(scratch("model.keras"));
  const KerasLayer& head = model.layers.back();
  EXPECT_EQ(head.weights.at(0).to_vector<std::int32_t>(),
            (std::vector<std::int32_t>{-127, 1, 2, 3, 4, 5, 6, 7, 8, 127}));
  expect_words([&] { throw_problem(head); }, {"weights", "got 3", "2 for its Dense"});
  EXPECT_NO_THROW(static_cast<void>(make_layer(model.layers.front())));
}

TEST(KerasLayerProblemTest, KernelsThatTheanoFlipped) {
  const Path path = changed("wrapped/convolutional_keras2.h5",
                            [](HdfEditor& file) { file.text("model_weights", "backend", "theano"); });
  const KerasModel model = load_keras(path);
  for (const char* const name : {"one", "two", "both"}) {
    expect_words([&] { static_cast<void>(make_recurrent(model.layer(name))); }, {"theano", "flipped"});
  }
}

TEST(KerasLayerProblemTest, WeightsThatAreOlderThanTheirOptions) {
  const Path path =
      changed("cudnn_layers/gru_weights.h5", [](HdfEditor& file) { file.text("/", "keras_version", "2.1.6"); });
  const KerasModel model = load_keras(path);
  expect_words([&] { static_cast<void>(make_layer(model.layer("rnn"))); },
               {"'rnn'", "no configuration", "older than Keras 2.3", "hard_sigmoid", "reset_after false"});
  EXPECT_EQ(model.layer("out").problem, "");
  EXPECT_NE(describe(model).find("hard_sigmoid"), std::string::npos);
}

TEST(KerasLayerProblemTest, NamesOfWeightsThatFitNoLayer) {
  const std::string group = "model_weights/tower";
  const std::string bad = "tower/other/kernel:0";
  const Path path = changed("nested_model/keras3.h5", [&](HdfEditor& file) {
    file.move(group + "/tower/in_dense/kernel", group + "/tower/in_gru_kernel");
    file.strings(
        group, "weight_names",
        {"tower/in_lstm/lstm_cell/kernel", "tower/in_lstm/lstm_cell/recurrent_kernel", "tower/in_lstm/lstm_cell/bias",
         "tower/in_gru/gru_cell/kernel", "tower/in_gru/gru_cell/recurrent_kernel", "tower/in_gru/gru_cell/bias",
         "tower/in_gru_kernel", "tower/in_dense/bias"});
  });
  const KerasModel model = load_keras(path);
  expect_words([&] { static_cast<void>(make_layer(model.layer("tower/in_lstm"))); },
               {"'tower'", "model_weights/tower/tower/in_gru_kernel", "the name of one of the layers"});
  EXPECT_EQ(model.layer("tower").weights.size(), 8U);
}

TEST(KerasLayerProblemTest, ANameOfTwoLayersTellsNoOwner) {
  const std::string dense = R"({"class_name":"Dense","config":{"name":"same","units":2,"use_bias":false}})";
  const std::string block = R"({"class_name":"Sequential","config":{"name":"block","layers":[)" + dense + "]}}";
  const std::string model = R"({"class_name":"Sequential","config":{"name":"model","layers":[)";
  const auto with = [&](const std::string& layers, const std::string& weight) {
    KerasLayer layer = parse_keras_layer(model + layers + "]}}", KerasOrigin{"f", 2});
    layer.weights = {Tensor::zeros({2, 2}, DType::f32)};
    layer.weight_paths = {weight};
    settle_weights(layer);
    return layer;
  };
  expect_words([&] { throw_problem(with(block + "," + dense, "same/kernel:0")); },
               {"same/kernel:0", "one of the layers"});
  const KerasLayer inner = with(block, "same/kernel:0");
  EXPECT_EQ(inner.layers.at(0).layers.at(0).weights.size(), 1U);
  EXPECT_NO_THROW(throw_problem(inner));
}

TEST(KerasLayerProblemTest, AWrapperHasTheProblemOfItsLayer) {
  const auto from = [](const std::string& configuration) { return read_keras_layer(configuration, "3.0.0", "f", {}); };
  const std::string unknown = R"({"class_name":"LSTM","config":{"name":"one","units":2,"activation":"mine>own"}})";
  for (const std::string wrapper : {"Bidirectional", "TimeDistributed"}) {
    const KerasLayer layer =
        from(R"({"class_name":")" + wrapper + R"(","config":{"name":"two","layer":)" + unknown + "}}");
    expect_words([&] { static_cast<void>(make_recurrent(layer)); }, {"f: layer 'one': activation", "mine>own"});
  }
  const KerasLayer dense = from(R"({"class_name":"TimeDistributed","config":{"name":"two","layer":)"
                                R"({"class_name":"Flatten","config":{"name":"one"}}}})");
  expect_words([&] { static_cast<void>(make_recurrent(dense)); },
               {"layer 'one': class", "'Flatten'", "TimeDistributed of these"});
  EXPECT_FALSE(is_recurrent(dense));
}

TEST(KerasLayerProblemTest, AClassOfAnotherPackageIsNotKerass) {
  const auto cell = [](const std::string& entry) {
    return read_keras_layer(R"({"class_name":"RNN","config":{"name":"one","cell":)" + entry + "}}", "3.0.0", "f", {});
  };
  const std::string config = R"("class_name":"LSTMCell","config":{"name":"c","units":2}})";
  expect_words([&] { throw_problem(cell(R"({"module":"mine","registered_name":"mine>LSTMCell",)" + config)); },
               {"cell class", "'mine>LSTMCell'", "a factory"});
  expect_words([&] { throw_problem(cell(R"({"module":null,"registered_name":"LSTMCell",)" + config)); },
               {"cell class", "'Custom>LSTMCell'"});
  EXPECT_TRUE(cell(R"({"module":"keras.layers","registered_name":null,)" + config).recurrent);
}

TEST(KerasLayerProblemTest, AConvLstmHasNoDropout) {
  const KerasModel model = load_keras(keras_fixture("wrapped/convolutional_keras3.keras"));
  const std::unique_ptr<RNN> layer = make_layer(model.layer("dropped"));
  const Tensor x = Tensor::zeros({1, 2, 5, 4, 2}, DType::f32);
  EXPECT_NO_THROW(static_cast<void>((*layer)(x)));
  expect_words([&] { static_cast<void>((*layer)(x, {.training = true})); }, {"'dropped': training", "no dropout"});
}

TEST(KerasLayerProblemTest, ARegistryHasEachClassOnce) {
  KerasRegistry registry;
  registry.add("One", "LSTM");
  EXPECT_EQ(registry.keras_class("Custom>One"), "LSTM");
  EXPECT_EQ(registry.keras_class("mine>One"), "mine>One");
  expect_words([&] { registry.add("Custom>One", "GRU"); }, {"name", "'Custom>One' again"});
  expect_words([&] { registry.add("", "GRU"); }, {"name", "the name of a class"});
  expect_words([&] { registry.add("mine>Cell", KerasCellFactory()); }, {"make", "no function"});
}

TEST(KerasLayerProblemTest, TheVersionOfAnArchitecture) {
  const auto activation = [](const std::string& entry) {
    write_text(scratch("model.json"), entry);
    const KerasModel model = load_keras(scratch("model.json"), keras_fixture("lstm_keras3.weights.h5"));
    return model.layer("lstm").recurrent->cells.at(0).recurrent_activation;
  };
  const std::string layers =
      R"("layers":[{"class_name":"InputLayer","config":{"SHAPE":[null,5,3]}},)"
      R"({"class_name":"LSTM","config":{"name":"lstm","units":4,"recurrent_activation":"hard_sigmoid"}}]})";
  const std::string model = R"({"module":"keras","class_name":"Sequential","config":{"name":"m",)" + layers;
  EXPECT_EQ(activation(replaced(model, "SHAPE", "batch_shape") + "}"), Activation::hard_sigmoid_keras3);
  EXPECT_EQ(activation(replaced(model, "SHAPE", "batch_input_shape") + "}"), Activation::hard_sigmoid);
  EXPECT_EQ(activation(model + R"(,"keras_version":"2.9.0"})"), Activation::hard_sigmoid);
  EXPECT_EQ(activation(model + R"(,"keras_version":"3.9.0"})"), Activation::hard_sigmoid_keras3);
  expect_words([&] { activation(model + "}"); }, {"model.json: configuration: keras_version", "nothing"});
}

}  // namespace
}  // namespace rondo::test
