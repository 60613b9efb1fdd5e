// Networks of files of any kind: each is what its own reader makes, and what is no network is refused by name.

#include "rondo/formats/load_network.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "rondo/formats/keras_model.h"
#include "rondo/formats/keras_writer.h"
#include "rondo/formats/onnx_writer.h"
#include "rondo/formats/pytorch_weights.h"
#include "support/compare.h"
#include "support/expect_error.h"
#include "support/random.h"
#include "units/formats/scratch_files.h"

namespace rondo::test {
namespace {

using std::filesystem::path;

const path kData = RONDO_TEST_DATA;

Tensor answer(const LoadedNetwork& network) {
  constexpr std::int64_t T = 3;
  constexpr std::int64_t B = 2;
  const Tensor x = Random(1).tensor({T, B, network.input_features()}, 1.0);
  const Tensor y = Tensor::empty({T, B, network.output_features()}, x.dtype());
  network.session({.T = T, .B = B}).run({.x = x, .y = y});
  return y;
}

LoadedNetwork two_gru_layers() {
  const KerasModel model = load_keras(kData / "keras/two_layers_functional_keras3.keras");
  const std::vector<KerasLayer> twice{model.layer("encoder"), model.layer("decoder")};
  return keras_network(twice);
}

void expect_network(const LoadedNetwork& network, const LoadedNetwork& expected, const std::string& name) {
  ASSERT_EQ(network.spec.layers.size(), expected.spec.layers.size()) << name;
  EXPECT_TRUE(close(answer(network), answer(expected), 1e-6)) << name;
}

TEST(LoadNetwork, TakesTheLayersOfAFileOfKeras) {
  for (const std::string name : {"two_layers_functional_keras2", "two_layers_functional_keras3"}) {
    for (const char* const ending : {".keras", ".h5"}) {
      const path file = kData / "keras" / (name + ending);
      expect_network(load_network(file), two_gru_layers(), name + ending);
      const LoadedNetwork lower = load_network(file, {.parts = {"encoder"}});
      EXPECT_EQ(lower.spec.layers.size(), 1U);
      EXPECT_EQ(lower.output_features(), 2);
    }
  }
  const LoadedNetwork decoder = load_network(kData / "keras/companion_files/seq2seq.json",
                                             {.parts = {"dec"}, .weights = kData / "keras/companion_files/seq2seq.h5"});
  EXPECT_EQ(decoder.spec.layers.size(), 1U);
}

TEST(LoadNetwork, TakesTheNodesOfAnOnnxModelAndTheModuleOfAFileOfPyTorch) {
  LoadedNetwork written = load_network(kData / "pytorch/lstmcell.safetensors");
  written.spec.layers.push_back(written.spec.layers[0]);
  written.spec.layers[1].forward.I = written.output_features();
  written.weights.push_back(written.weights[0]);
  written.weights[1].forward.kernel = Random(2).tensor({4, 16}, 0.5);
  save_onnx(scratch("network.onnx"), written);
  save_pytorch(scratch("network.safetensors"), written, "encoder.");
  expect_network(load_network(scratch("network.onnx")), written, "onnx");
  for (const char* const name : {"encoder", "encoder.", ""}) {
    const std::vector<std::string> parts = *name == 0 ? std::vector<std::string>() : std::vector<std::string>{name};
    expect_network(load_network(scratch("network.safetensors"), {.parts = parts}), written, name);
  }
  const LoadedNetwork rnn = load_network(kData / "pytorch/rnncell.safetensors", {.activation = Activation::relu});
  EXPECT_EQ(rnn.spec.layers[0].forward.cell.activation, Activation::relu);
}

TEST(LoadNetwork, RefusesOtherFilesAndOptionsThatAFileDoesNotHave) {
  const auto load = [](const path& file, const NetworkChoice& choice = {}) {
    return [=] { (void)load_network(kData / file, choice); };
  };
  expect_words(load("kinds/state.pt"), {"state.pt", "torch.save", ".safetensors"});
  expect_words(load("nowhere"), {"nowhere"});
  expect_words(load("keras/companion_files/seq2seq.json"), {"seq2seq.json", "NetworkChoice::weights"});
  expect_words(load("keras/lstm_keras3.keras", {.weights = "other.h5"}), {"lstm_keras3.keras", "'other.h5'", "JSON"});
  expect_words(load("keras/lstm_keras3.keras", {.activation = Activation::relu}), {"activation relu", "torch.nn.RNN"});
  expect_words(load("keras/lstm_keras3.keras", {.parts = {"gru"}}), {"'gru'", "lstm"});
  expect_words(load("pytorch/lstmcell.safetensors", {.parts = {"gru"}}), {"module", "'gru'", "'decoder.cell.'"});
  expect_words(load("pytorch/lstmcell.safetensors", {.parts = {"a", "b"}}), {"2 parts", "one module"});
  expect_words(load("pytorch/expected_lstmcell.safetensors"), {"no modules"});
}

TEST(LoadNetwork, RefusesKerasModelsThatAreNoStack) {
  expect_words(
      [] {
        const path folder = kData / "keras/companion_files";
        (void)load_network(folder / "seq2seq.json", {.weights = folder / "seq2seq.h5"});
      },
      {"seq2seq.json: inputs of layer 'dec'", "'enc'", "parts"});
  expect_words([] { (void)load_network(kData / "keras/nested_model/keras3.keras"); }, {"within", "/"});

  KerasModel model = load_keras(kData / "keras/two_layers_keras3.keras");
  EXPECT_EQ(keras_network(model).spec.layers.size(), 2U);
  const auto between = [&](const std::string& class_name) {
    KerasModel changed = model;
    changed.layers.insert(changed.layers.begin() + 1, KerasLayer{.name = "between", .class_name = class_name});
    return changed;
  };
  EXPECT_EQ(keras_network(between("SpatialDropout1D")).spec.layers.size(), 2U);
  expect_words([&] { (void)keras_network(between("LayerNormalization")); },
               {"inputs of layer 'decoder'", "'between'", "'encoder'"});
  for (const char* const name : {"encoder", "decoder"}) {
    KerasModel broken = model;
    const auto layer = std::find_if(broken.layers.begin(), broken.layers.end(),
                                    [&](const KerasLayer& one) { return one.name == name; });
    layer->recurrent.reset();
    layer->problem = "its activation is unknown";
    expect_words([&] { (void)keras_network(broken); }, {"its activation is unknown"});
  }
  model.layers = {model.layer("head")};
  expect_words([&] { (void)keras_network(model); }, {"without recurrent layers"});
}

}  // namespace
}  // namespace rondo::test
