// What is written is read again.
#include <gtest/gtest.h>

#include <filesystem>

#include "rondo/formats/keras_model.h"
#include "rondo/formats/keras_writer.h"
#include "rondo/formats/numpy_file.h"
#include "rondo/formats/onnx_model.h"
#include "rondo/formats/onnx_writer.h"
#include "rondo/formats/pytorch_module.h"
#include "rondo/recurrence/quantized.h"
#include "support/compare.h"
#include "support/expect_error.h"
#include "support/random.h"
#include "units/formats/scratch_files.h"

namespace rondo::test {
namespace {

using Tensors = std::vector<NamedTensor>;

Tensors some_tensors() {
  Random random(3);
  const Tensor matrix = random.tensor({3, 5}, 1.0, DType::f32);
  return {{"half", random.tensor({2}, 1.0, DType::f16)},
          {"a \"name\"", matrix.transpose({1, 0})},
          {"double", random.tensor({2, 1, 3}, 1.0, DType::f64)},
          {"whole", Tensor::from<std::int64_t>({1, -2, std::int64_t{1} << 40}, {3})},
          {"yes", Tensor::full({2}, 1.0, DType::boolean)},
          {"byte", Tensor::full({3}, 7.0, DType::u8)},
          {"nothing", Tensor::zeros({0, 4}, DType::f32)},
          {"scalar", Tensor::full({}, 2.5, DType::f32)}};
}

TEST(SaveFilesTest, Safetensors) {
  Tensors tensors = some_tensors();
  tensors.push_back({"short", Random(4).tensor({3}, 1.0, DType::bf16)});
  const std::filesystem::path path = scratch("saved.safetensors");
  save_safetensors(path, tensors, {{"key", "a \"value\""}});
  const Safetensors file = load_safetensors(path);
  EXPECT_EQ(file.metadata().at("key"), "a \"value\"");
  ASSERT_EQ(file.tensors().size(), tensors.size());
  for (const NamedTensor& named : tensors) {
    EXPECT_TRUE(identical(file.tensor(named.name), named.tensor)) << named.name;
  }
  save_safetensors(path, {});
  EXPECT_TRUE(load_safetensors(path).tensors().empty());
}

TEST(SaveFilesTest, Numpy) {
  const std::filesystem::path path = scratch("saved.npz");
  save_npz(path, some_tensors());
  const NumpyArchive file = load_npz(path);
  for (const NamedTensor& named : some_tensors()) {
    EXPECT_TRUE(identical(file.tensor(named.name), named.tensor)) << named.name;
    const std::filesystem::path single = scratch("saved.npy");
    save_npy(single, named.tensor);
    EXPECT_TRUE(identical(load_npy(single), named.tensor)) << named.name;
    EXPECT_EQ((std::filesystem::file_size(single) - named.tensor.numel() * size_of(named.tensor.dtype())) % 64, 0U);
  }
  const Tensor bfloat = Random(4).tensor({3}, 1.0, DType::bf16);
  save_npy(scratch("saved.npy"), bfloat);
  EXPECT_TRUE(identical(load_npy(scratch("saved.npy")), bfloat.to(DType::f32)));
}

TEST(SaveFilesTest, RefusesEqualNamesAndPathsThatCannotBeWritten) {
  const Tensors twice{{"x", Tensor::zeros({1}, DType::f32)}, {"x", Tensor::zeros({1}, DType::f32)}};
  expect_words([&] { save_safetensors(scratch("x.safetensors"), twice); }, {"x.safetensors", "two tensors 'x'"});
  expect_words([&] { save_npz(scratch("x.npz"), twice); }, {"x.npz", "two tensors 'x'"});
  const std::filesystem::path nowhere = scratch("no_folder") / "x.npy";
  expect_words([&] { save_npy(nowhere, twice[0].tensor); }, {"x.npy", "cannot be written", "No such file"});
  expect_words([&] { save_npy("/dev/full", twice[0].tensor); }, {"/dev/full", "cannot be written"});
}

/// A layer of the network that a test writes.
struct LayerOf {
  CellSpec cell;
  std::int64_t inputs;
  bool both = false;
  TimeRules rules = TimeRules::onnx(false, true);
};

RecurrentWeights weights_of(const CellSpec& cell, std::int64_t inputs, DType dtype, Random& random) {
  const std::int64_t columns = gate_count(cell.kind) * cell.units;
  const std::int64_t width = cell.projection_units ? *cell.projection_units : cell.units;
  RecurrentWeights weights{.kernel = random.tensor({inputs, columns}, 1.0, dtype),
                           .recurrent_kernel = random.tensor({width, columns}, 1.0, dtype)};
  const bool two = cell.kind == CellKind::gru && cell.reset_after;
  if (cell.use_bias) weights.bias = random.tensor(two ? Shape{2, columns} : Shape{columns}, 1.0, dtype);
  if (cell.projection_units) weights.projection = random.tensor({cell.units, width}, 1.0, dtype);
  return weights;
}

LoadedNetwork network_of(const std::vector<LayerOf>& layers, DType dtype = DType::f64) {
  Random random(5);
  LoadedNetwork network;
  for (const LayerOf& layer : layers) {
    const RecurrenceSpec spec{.cell = layer.cell, .I = layer.inputs, .dtype = dtype, .rules = layer.rules};
    network.spec.layers.push_back({.forward = spec});
    network.weights.push_back({.forward = weights_of(layer.cell, layer.inputs, dtype, random)});
    if (!layer.both) continue;
    network.spec.layers.back().backward = spec;
    network.spec.layers.back().backward->rules = TimeRules::onnx(true, true);
    network.weights.back().backward = weights_of(layer.cell, layer.inputs, dtype, random);
  }
  return network;
}

Tensor answer(const LoadedNetwork& network) {
  const DType dtype = network.spec.layers.front().forward.dtype;
  const Tensor x = Random(6).tensor({4, 2, network.input_features()}, 1.0, dtype);
  const Tensor y = Tensor::empty({4, 2, network.output_features()}, dtype);
  network.session({.T = 4, .B = 2}).run({.x = x, .y = y});
  return y;
}

LoadedNetwork read_keras(const std::filesystem::path& path) {
  const KerasModel model = load_keras(path);
  return keras_network(model.layers);
}

LoadedNetwork read_onnx(const std::filesystem::path& path) {
  const OnnxModel model = load_onnx(path);
  return onnx_network(model.nodes);
}

CellSpec cell_of(CellKind kind, std::int64_t units) { return {.kind = kind, .units = units}; }

/// Networks that all three kinds of files can hold.
std::vector<LoadedNetwork> common_networks() {
  CellSpec no_bias = cell_of(CellKind::gru, 3);
  no_bias.use_bias = false;
  CellSpec relu = cell_of(CellKind::simple_rnn, 3);
  relu.activation = Activation::relu;
  return {network_of({{cell_of(CellKind::lstm, 4), 3}}),
          network_of({{cell_of(CellKind::lstm, 4), 3, true}, {cell_of(CellKind::lstm, 4), 8, true}}),
          network_of({{cell_of(CellKind::gru, 4), 3}, {cell_of(CellKind::gru, 4), 4}}),
          network_of({{no_bias, 2, true}}),
          network_of({{relu, 2}}),
          network_of({{cell_of(CellKind::simple_rnn, 3), 2, true}}, DType::f32)};
}

TEST(SaveFilesTest, NetworksForEveryOwner) {
  for (const LoadedNetwork& network : common_networks()) {
    SCOPED_TRACE(pytorch_class(network));
    const Tensor expected = answer(network);
    save_keras(scratch("saved.keras"), network);
    EXPECT_TRUE(identical(answer(read_keras(scratch("saved.keras"))), expected));
    save_onnx(scratch("saved.onnx"), network);
    EXPECT_TRUE(identical(answer(read_onnx(scratch("saved.onnx"))), expected));
    save_pytorch(scratch("saved.safetensors"), network, "net.");
    const Safetensors file = load_safetensors(scratch("saved.safetensors"));
    EXPECT_EQ(file.metadata().at("module"), pytorch_class(network));
    const Activation activation = network.spec.layers[0].forward.cell.activation;
    EXPECT_TRUE(identical(answer(pytorch_network(file, {.prefix = "net.", .activation = activation})), expected));
  }
}

TEST(SaveFilesTest, WeightsInEightBits) {
  const LoadedNetwork network =
      network_of({{cell_of(CellKind::lstm, 40), 30, true}, {cell_of(CellKind::lstm, 40), 80, true}}, DType::f32);
  const std::filesystem::path path = scratch("small.safetensors");
  save_pytorch(scratch("full.safetensors"), network, "net.");
  save_pytorch(path, network, "net.", {.int8 = true});
  EXPECT_LT(std::filesystem::file_size(path), std::filesystem::file_size(scratch("full.safetensors")) * 3 / 10);
  const Safetensors file = load_safetensors(path);
  EXPECT_EQ(file.tensor("net.weight_hh_l1_reverse").dtype(), DType::u8);
  EXPECT_EQ(file.tensor("net.weight_hh_l1_reverse.scale").shape(), Shape{160});
  EXPECT_EQ(file.tensor("net.bias_hh_l0").dtype(), DType::f32);
  EXPECT_EQ(pytorch_prefix(file), "net.");
  LoadedNetwork rounded = network;
  for (NetworkWeights& layer : rounded.weights) {
    layer.forward = dequantize(quantize(layer.forward));
    layer.backward = dequantize(quantize(*layer.backward));
  }
  const LoadedNetwork again = pytorch_network(file, {.prefix = "net."});
  EXPECT_TRUE(identical(answer(again), answer(rounded)));
  EXPECT_TRUE(close(answer(again), answer(network), 0.2));
  save_pytorch(scratch("again.safetensors"), again, "net.", {.int8 = true});
  EXPECT_TRUE(identical(load_safetensors(scratch("again.safetensors")).tensor("net.weight_ih_l0"),
                        file.tensor("net.weight_ih_l0")));
}

TEST(SaveFilesTest, RefusesScalesThatDoNotFit) {
  const LoadedNetwork network = network_of({{cell_of(CellKind::lstm, 3), 2}});
  const std::filesystem::path path = scratch("small.safetensors");
  save_pytorch(path, network, "", {.int8 = true});
  const auto expect_refusal = [&](const char* name, const Tensor& tensor, const std::vector<std::string>& words) {
    std::vector<NamedTensor> tensors = load_safetensors(path).tensors();
    for (NamedTensor& named : tensors) {
      if (named.name == name) named.tensor = tensor;
    }
    save_safetensors(scratch("broken.safetensors"), tensors);
    expect_words([] { (void)pytorch_network(load_safetensors(scratch("broken.safetensors"))); }, words);
  };
  expect_refusal("weight_hh_l0.scale", Tensor::zeros({11}, DType::f32), {"weight_hh_l0' scales", "f32(12,)"});
  expect_refusal("weight_hh_l0.scale", Tensor::zeros({12}, DType::f64), {"weight_hh_l0' scales", "f32(12,)"});
  expect_refusal("weight_hh_l0", Tensor::zeros({12, 3}, DType::f32), {"weight_hh_l0' bytes", "u8"});
  expect_refusal("weight_hh_l0", Tensor::zeros({36}, DType::u8), {"weight_hh_l0' bytes", "rank 2"});
}

TEST(SaveFilesTest, WhatOneOwnerHasAlone) {
  CellSpec old_gru = cell_of(CellKind::gru, 3);
  old_gru.reset_after = false;
  CellSpec hard = cell_of(CellKind::lstm, 3);
  hard.recurrent_activation = Activation::hard_sigmoid_keras3;
  for (const LoadedNetwork& network : {network_of({{old_gru, 2}}), network_of({{hard, 2}, {old_gru, 3, true}})}) {
    save_keras(scratch("saved.keras"), network);
    EXPECT_TRUE(identical(answer(read_keras(scratch("saved.keras"))), answer(network)));
    save_onnx(scratch("saved.onnx"), network);
    EXPECT_TRUE(close(answer(read_onnx(scratch("saved.onnx"))), answer(network), 1e-7));
  }
  CellSpec projected = cell_of(CellKind::lstm, 4);
  projected.projection_units = 2;
  const LoadedNetwork network = network_of({{projected, 3, true}, {projected, 4, true}});
  save_pytorch(scratch("saved.safetensors"), network);
  EXPECT_EQ(pytorch_class(network), "torch.nn.LSTM(3, 4, num_layers=2, bidirectional=True, proj_size=2)");
  EXPECT_TRUE(identical(answer(pytorch_network(load_safetensors(scratch("saved.safetensors")))), answer(network)));
  const LoadedNetwork backwards = network_of({{cell_of(CellKind::lstm, 3), 2, false, TimeRules::keras(true, false)}});
  save_keras(scratch("saved.keras"), backwards);
  EXPECT_TRUE(identical(answer(read_keras(scratch("saved.keras"))), answer(backwards)));
  const LoadedNetwork reversed = network_of({{cell_of(CellKind::lstm, 3), 2, false, TimeRules::onnx(true, true)}});
  save_onnx(scratch("saved.onnx"), reversed);
  EXPECT_TRUE(identical(answer(read_onnx(scratch("saved.onnx"))), answer(reversed)));
}

TEST(SaveFilesTest, RefusesWhatAnOwnerDoesNotHave) {
  const std::filesystem::path path = scratch("refused");
  const auto expect = [&](const LoadedNetwork& network, const std::vector<std::string>& keras,
                          const std::vector<std::string>& onnx, const std::vector<std::string>& torch) {
    if (!keras.empty()) expect_words([&] { save_keras(path, network); }, keras);
    if (!onnx.empty()) expect_words([&] { save_onnx(path, network); }, onnx);
    if (!torch.empty()) expect_words([&] { save_pytorch(path, network); }, torch);
    EXPECT_FALSE(std::filesystem::exists(path));
  };
  CellSpec projected = cell_of(CellKind::lstm, 4);
  projected.projection_units = 2;
  expect(network_of({{projected, 3}}), {"layer 0", "projection", "Keras"}, {"layer 0", "projection", "ONNX"}, {});
  const LayerOf plain{cell_of(CellKind::lstm, 3), 2};
  expect(network_of({plain, {cell_of(CellKind::lstm, 4), 3}}), {}, {}, {"layer 1", "H=4", "of layer 0"});
  expect(network_of({plain, {cell_of(CellKind::gru, 3), 3}}), {}, {}, {"layer 1", "gru"});
  LayerOf changed = plain;
  changed.rules = TimeRules::keras(true, false);
  expect(network_of({changed}), {}, {"layer 0", "go_backwards"}, {"layer 0", "backwards"});
  changed.rules = TimeRules::onnx(true, true);
  expect(network_of({changed}), {"layer 0", "reverse"}, {}, {"layer 0", "backwards"});
  changed = plain;
  changed.cell.recurrent_activation = Activation::hard_sigmoid;
  expect(network_of({changed}), {"layer 0", "hard_sigmoid"}, {}, {"layer 0", "hard_sigmoid", "tanh and sigmoid"});
  expect(network_of({plain}, DType::bf16), {}, {"bf16", "f16, f32 or f64"}, {});
  CellSpec old_gru = cell_of(CellKind::gru, 3);
  old_gru.reset_after = false;
  expect(network_of({{old_gru, 2}}), {}, {}, {"PyTorch"});
}

}  // namespace
}  // namespace rondo::test
