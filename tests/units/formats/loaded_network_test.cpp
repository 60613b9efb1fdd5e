// Networks from files: what they compute, beside the runner of a node and layers, and what they refuse.

#include "rondo/formats/loaded_network.h"

#include <gtest/gtest.h>

#include "rondo/formats/keras_model.h"
#include "rondo/formats/onnx_model.h"
#include "rondo/keras/bidirectional.h"
#include "support/compare.h"
#include "support/expect_error.h"
#include "support/random.h"

namespace rondo::test {
namespace {

constexpr std::int64_t T = 4;
constexpr std::int64_t B = 2;
constexpr std::int64_t I = 3;
constexpr std::int64_t H = 5;

OnnxNode gru_node(OnnxDirection direction) {
  Random random(1);
  const std::int64_t D = direction_count(direction);
  OnnxNode node{.name = "gru", .file = "model.onnx", .op = {.kind = CellKind::gru, .direction = direction}};
  node.constants.kernel = random.tensor({D, 3 * H, I}, 0.5);
  node.constants.recurrent_kernel = random.tensor({D, 3 * H, H}, 0.5);
  node.constants.bias = random.tensor({D, 6 * H}, 0.5);
  return node;
}

/// Lengths reverse a row within itself, in a network as in a runner.
TEST(LoadedNetwork, OfAnOnnxNodeComputesWhatItsRunnerDoes) {
  const Tensor x = Random(2).tensor({T, B, I}, 1.0);
  const Tensor lengths = Tensor::from<std::int32_t>({4, 2}, {B});
  for (const auto direction : {OnnxDirection::forward, OnnxDirection::reverse, OnnxDirection::bidirectional}) {
    const OnnxNode node = gru_node(direction);
    const LoadedNetwork network = onnx_network(std::span(&node, 1));
    for (const bool has_lengths : {false, true}) {
      const std::optional<Tensor> given = has_lengths ? std::optional(lengths) : std::nullopt;
      const Tensor y = Tensor::empty({T, B, network.output_features()}, DType::f32);
      network.session({.T = T, .B = B, .has_lengths = has_lengths}).run({.x = x, .lengths = given, .y = y});
      const Tensor expected = OnnxRunner(node).run({.x = x, .lengths = given}).y;  // (T, D, B, H)
      EXPECT_TRUE(identical(y, expected.swap_axes(1, 2).contiguous().reshape(y.shape()))) << has_lengths;
    }
  }
}

TEST(LoadedNetwork, RefusesNodesThatRunStepByStep) {
  OnnxNode node = gru_node(OnnxDirection::forward);
  node.op.clip = 3;
  expect_words([&] { (void)onnx_network(std::span(&node, 1)); }, {"model.onnx: node 'gru'", "it clips"});
  expect_words([] { (void)onnx_network(std::span<const OnnxNode>()); }, {"nodes: got none"});
}

KerasLayer lstm_layer(const std::string& name, std::int64_t inputs, RNNOptions options) {
  Random random(3);
  KerasLayer layer{.name = name, .class_name = "LSTM", .file = "model.keras"};
  layer.recurrent = {.cells = {{.units = H}}, .dropout = {{}}, .options = options};
  layer.weights = {random.tensor({inputs, 4 * H}, 0.5), random.tensor({H, 4 * H}, 0.5), random.tensor({4 * H}, 0.5)};
  return layer;
}

KerasLayer bidirectional_layer(const std::string& name, std::int64_t inputs) {
  KerasLayer layer{.name = name, .class_name = "Bidirectional", .file = "model.keras"};
  layer.wrapped = {
      lstm_layer("forward", inputs, {.return_sequences = true, .zero_output_for_mask = true}),
      lstm_layer("backward", inputs, {.return_sequences = true, .go_backwards = true, .zero_output_for_mask = true})};
  layer.merge_mode = "concat";
  return layer;
}

/// A layer that reads backward gives its outputs in the order in which it read, as in Keras.
TEST(LoadedNetwork, OfKerasLayersComputesWhatTheLayersDo) {
  const std::vector<KerasLayer> layers{lstm_layer("first", I, {.return_sequences = true, .go_backwards = true}),
                                       bidirectional_layer("both", H), lstm_layer("last", 2 * H, {})};
  const Tensor x = Random(2).tensor({B, T, I}, 1.0);
  const Tensor first = (*make_layer(layers[0]))(x).output;
  Bidirectional both(*make_layer(layers[1].wrapped[0]), *make_layer(layers[1].wrapped[1]));
  const Tensor expected = (*make_layer(layers[2]))(both(first).output).output;

  const LoadedNetwork network = keras_network(layers);
  EXPECT_EQ(network.input_features(), I);
  const Tensor last = Tensor::empty({B, H}, DType::f32);
  std::vector<LayerTensors> tensors(3);
  tensors[2].forward.last_output = last;
  network.session({.T = T, .B = B}).run({.x = x.swap_axes(0, 1), .layers = tensors});
  EXPECT_TRUE(close(last, expected, 1e-6));
}

TEST(LoadedNetwork, NamesTheKerasLayerThatDoesNotFit) {
  const auto network = [](const std::vector<KerasLayer>& layers) { return [layers] { (void)keras_network(layers); }; };
  expect_words(network({}), {"layers: got none"});
  expect_words(network({lstm_layer("first", I, {}), lstm_layer("second", H, {})}),
               {"model.keras: layer 'first'", "return_sequences"});
  KerasLayer summed = bidirectional_layer("both", I);
  summed.merge_mode = "sum";
  expect_words(network({summed}), {"layer 'both'", "merge_mode: got sum"});
  KerasLayer dense{.name = "head", .class_name = "Dense", .file = "model.keras"};
  expect_words(network({dense}), {"'head'", "'Dense'"});
}

}  // namespace
}  // namespace rondo::test
