// ONNX files as exporters and tools write them, with the values of ONNX Runtime: onnx_files/.
#include <gtest/gtest.h>

#include <cmath>

#include <filesystem>

#include "rondo/formats/onnx_model.h"
#include "rondo/formats/safetensors.h"
#include "rondo/ops/ops.h"
#include "support/compare.h"

namespace rondo::test {
namespace {

using Path = std::filesystem::path;

const Path kFiles = RONDO_ONNX_FILES;

/// Runs the only node of a model on X alone, and compares what the golden has.
void expect_outputs(const Path& folder, const std::string& name, const std::string& golden, double tolerance) {
  SCOPED_TRACE(name);
  const Safetensors expected = load_safetensors(folder / (golden + ".safetensors"));
  const OnnxModel model = load_onnx(folder / (name + ".onnx"));
  ASSERT_EQ(model.nodes.size(), 1U) << describe(model);
  const OnnxOutputs outputs = OnnxRunner(model.nodes[0]).run({.x = expected.tensor("X")});
  EXPECT_TRUE(close(outputs.y, expected.tensor("Y"), tolerance));
  if (expected.contains("Y_h")) {
    EXPECT_TRUE(close(outputs.y_h, expected.tensor("Y_h"), tolerance));
  }
  if (expected.contains("Y_c")) {
    EXPECT_TRUE(close(*outputs.y_c, expected.tensor("Y_c"), tolerance));
  }
}

TEST(OnnxFiles, WeightsBehindNodes) {
  for (const char* name : {"cast", "const_floats", "dequantize", "identity", "transpose", "unsqueeze"}) {
    expect_outputs(kFiles / "weights_behind_nodes", name, std::string("expected_") + name, 1e-6);
  }
}

TEST(OnnxFiles, Activations) {
  const Path folder = kFiles / "activations";
  for (const char* name :
       {"affine", "elu", "hardsigmoid", "leakyrelu", "scaledtanh", "softplus", "softsign", "thresholdedrelu"}) {
    expect_outputs(folder, name, std::string("expected_") + name, 1e-6);
  }
}

TEST(OnnxFiles, ZeroStatesFromShapes) { expect_outputs(kFiles / "zero_states_from_shapes", "model", "expected", 1e-6); }

// In floats with the same weights ONNX Runtime agrees; its own operator rounds X and h to 8 bits as well, and Rondo
// does not.
TEST(OnnxFiles, DynamicQuantizeLstm) {
  expect_outputs(kFiles / "dynamic_quantize_lstm", "model", "expected_floats", 1e-6);
  expect_outputs(kFiles / "dynamic_quantize_lstm", "model", "expected", 2e-2);
}

/// The length of the difference from `expected`, divided by that of `expected`.
double relative_error(const Tensor& actual, const Tensor& expected) {
  const std::vector<float> came = actual.to_vector<float>();
  const std::vector<float> wanted = expected.to_vector<float>();
  double difference = 0.0;
  double length = 0.0;
  for (std::size_t k = 0; k < wanted.size(); ++k) {
    difference += std::pow(static_cast<double>(came[k]) - static_cast<double>(wanted[k]), 2);
    length += std::pow(static_cast<double>(wanted[k]), 2);
  }
  return std::sqrt(difference / length);
}

// With products in 8 bits Rondo rounds what ONNX Runtime's operator rounds.
TEST(OnnxFiles, DynamicQuantizeLstmInEightBits) {
  const Path folder = kFiles / "dynamic_quantize_lstm";
  const OnnxModel model = load_onnx(folder / "model.onnx");
  OnnxRunner runner(model.nodes[0], cpu(), {.math = MatrixMath::int8});
  EXPECT_NE(runner.explain(7, 2, false).find("products of 8 bits"), std::string::npos);
  OnnxRunner strict(model.nodes[0]);
  const Safetensors expected = load_safetensors(folder / "expected.safetensors");
  const OnnxOutputs outputs = runner.run({.x = expected.tensor("X")});
  EXPECT_LT(relative_error(outputs.y, expected.tensor("Y")), 1e-2);
  EXPECT_GT(relative_error(outputs.y, strict.run({.x = expected.tensor("X")}).y), 1e-4) << "products were strict";
}

/// Y of a network for x (T, B, I).
Tensor run(const LoadedNetwork& network, const Tensor& x) {
  const std::int64_t T = x.size(0);
  const std::int64_t B = x.size(1);
  const Tensor y = Tensor::empty({T, B, network.output_features()}, DType::f32);
  network.session({.T = T, .B = B}).run({.x = x, .y = y});
  return y;
}

TEST(OnnxFiles, WeightsThatPyTorchDidNotFold) {
  const Path folder = kFiles / "weights_behind_nodes";
  const Safetensors expected = load_safetensors(folder / "expected_lstm64.safetensors");
  const LoadedNetwork network = onnx_network(load_onnx(folder / "lstm64.onnx"));
  EXPECT_TRUE(close(run(network, expected.tensor("x").swap_axes(0, 1).contiguous()).swap_axes(0, 1),
                    expected.tensor("o"), 1e-6));
}

TEST(OnnxFiles, WeightsThatTwoNodesShare) {
  const Path folder = kFiles / "weights_behind_nodes";
  const Safetensors expected = load_safetensors(folder / "expected_shared.safetensors");
  const OnnxModel model = load_onnx(folder / "shared.onnx");
  EXPECT_TRUE(close(run(onnx_network(model), expected.tensor("x")), expected.tensor("o"), 1e-6));
  Tensor x = expected.tensor("x");
  for (const char* name : {"/a/LSTM", "/b/LSTM"}) x = OnnxRunner(model.node(name)).run({.x = x}).y.erase_axis(1);
  EXPECT_TRUE(close(x, expected.tensor("o"), 1e-6));
}

/// Rows of an embedding: (B, T) numbers give (T, B, features).
Tensor embedded(const Tensor& table, const Tensor& ids) {
  std::vector<Tensor> rows;
  const Tensor numbers = ids.to(DType::i64).swap_axes(0, 1);
  for (const std::int64_t id : numbers.to_vector<std::int64_t>()) rows.push_back(table.slice(0, id, id + 1));
  return concat(rows, 0).reshape({ids.size(1), ids.size(0), table.size(1)});
}

TEST(OnnxFiles, ExternalDataAndTensorsOfOtherNodes) {
  const Path folder = kFiles / "external_data";
  const Safetensors expected = load_safetensors(folder / "expected.safetensors");
  const OnnxModel model = load_onnx(folder / "model.onnx");
  const Tensor x = embedded(model.tensor("emb.weight"), expected.tensor("ids"));
  const Tensor last = OnnxRunner(model.nodes.at(0)).run({.x = x}).y_h;  // (2, B, H)
  const Tensor features = concat({last.select(0, 0), last.select(0, 1)}, 1);
  const Tensor y = add(dot(features, model.tensor("fc.weight").transpose({1, 0})), model.tensor("fc.bias"));
  EXPECT_TRUE(close(y, expected.tensor("y"), 1e-6));
}

TEST(OnnxFiles, TaggersOfBothExporters) {
  const Path folder = kFiles / "whole_models";
  for (const auto& [name, weight] :
       {std::pair("tagger_legacy", "onnx::MatMul_398"), std::pair("tagger_dyn", "val_238")}) {
    SCOPED_TRACE(name);
    const Safetensors expected = load_safetensors(folder / (std::string("expected_") + name + ".safetensors"));
    const OnnxModel model = load_onnx(folder / (std::string(name) + ".onnx"));
    const Tensor x = embedded(model.tensor("emb.weight"), expected.tensor("ids"));
    const Tensor tags = add(dot(run(onnx_network(model), x), model.tensor(weight)), model.tensor("fc.bias"));
    EXPECT_TRUE(close(tags.swap_axes(0, 1), expected.tensor("y"), 1e-6));
  }
}

TEST(OnnxFiles, KerasModelOfTf2onnx) {
  const Path folder = kFiles / "whole_models";
  const Safetensors expected = load_safetensors(folder / "expected_tf_plain.safetensors");
  const OnnxModel model = load_onnx(folder / "tf_plain.onnx");
  const Tensor y = run(onnx_network(model), expected.tensor("x").swap_axes(0, 1).contiguous());
  const Tensor last = y.select(0, y.size(0) - 1);
  const Tensor result = add(dot(last, model.tensor("sequential/o/MatMul/ReadVariableOp:0")),
                            model.tensor("sequential/o/BiasAdd/ReadVariableOp:0"));
  EXPECT_TRUE(close(result, expected.tensor("y"), 1e-6));
}

}  // namespace
}  // namespace rondo::test
