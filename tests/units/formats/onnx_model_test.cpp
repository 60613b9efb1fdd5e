// Reading ONNX models: the nodes and weights that are found, and the refusals.
#include "rondo/formats/onnx_model.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>

#include "support/compare.h"
#include "support/expect_error.h"
#include "units/formats/onnx_messages.h"
#include "units/formats/scratch_files.h"

namespace rondo::test {
namespace {

using onnx_format::Model;
using onnx_format::Node;

TEST(OnnxModelTest, ListsRecurrentNodes) {
  Model model = onnx_lstm();
  model.set_ir_version(8);
  model.set_producer_name("somebody");
  model.add_opset_import()->set_version(14);
  onnx_format::OperatorSet& other = *model.add_opset_import();
  other.set_domain("com.example");
  other.set_version(3);
  Node& nameless = *model.mutable_graph()->add_node();
  nameless.set_op_type("GRU");
  nameless.set_domain("ai.onnx");
  for (const char* name : {"Y", "w", "r", "", "lens"}) nameless.add_input(name);
  nameless.add_output("");
  nameless.add_output("Y_h of the GRU");
  add_attribute(nameless, "linear_before_reset").set_i(1);
  model.mutable_graph()->add_node()->set_op_type("Relu");
  Node& foreign = *model.mutable_graph()->add_node();
  foreign.set_op_type("LSTM");
  foreign.set_domain("com.example");

  const OnnxModel found = parsed(model);
  EXPECT_EQ(found.file, "m.onnx");
  EXPECT_EQ(found.producer, "somebody");
  EXPECT_EQ(found.ir_version, 8);
  EXPECT_EQ(found.opset, 14);
  ASSERT_EQ(found.nodes.size(), 2u);
  const OnnxNode& lstm = found.node("n");
  EXPECT_EQ(lstm.op.kind, CellKind::lstm);
  EXPECT_EQ(lstm.op.hidden_size, 2);
  EXPECT_EQ(lstm.weights().kernel.shape(), (Shape{1, 8, 3}));
  EXPECT_EQ(lstm.inputs, (std::vector<std::string>{"X", "W", "R"}));
  const OnnxNode& gru = found.node("Y_h of the GRU");
  EXPECT_TRUE(gru.op.linear_before_reset);
  EXPECT_FALSE(gru.constants.kernel.has_value());
  expect_words([&] { static_cast<void>(gru.weights()); },
               {"m.onnx", "'Y_h of the GRU'", "W", "'w'", "nothing in the model makes"});
  expect_words([&] { static_cast<void>(found.node("x")); }, {"m.onnx", "'x'", "one of 'n', 'Y_h of the GRU'"});
}

TEST(OnnxModelTest, FindsEveryConstantInput) {
  Model model = onnx_lstm();
  Node& node = *model.mutable_graph()->mutable_node(0);
  for (const char* name : {"B", "lens", "h", "c", "P"}) node.add_input(name);
  *model.mutable_graph()->add_initializer() = onnx_zeros("B", {1, 16});
  *model.mutable_graph()->add_initializer() = onnx_zeros("h", {1, 1, 2});
  *model.mutable_graph()->add_initializer() = onnx_zeros("c", {1, 1, 2});
  *model.mutable_graph()->add_initializer() = onnx_zeros("P", {1, 6});
  onnx_format::Tensor lengths;
  lengths.add_dims(1);
  lengths.set_data_type(6);
  lengths.add_int32_data(1);
  Node& constant = *model.mutable_graph()->add_node();
  constant.set_op_type("Constant");
  constant.add_output("lens");
  *add_attribute(constant, "value").mutable_t() = lengths;

  const OnnxNode found = parsed(model).node("n");
  EXPECT_TRUE(found.constants.bias && found.constants.peepholes && found.constants.initial_c);
  ASSERT_TRUE(found.constants.lengths.has_value());
  EXPECT_TRUE(identical(*found.constants.lengths, Tensor::from<std::int32_t>({1}, {1})));
  OnnxRunner runner(found);
  const OnnxOutputs outputs = runner.run({.x = Tensor::zeros({3, 1, 3}, DType::f32)});
  EXPECT_EQ(outputs.y.shape(), (Shape{3, 1, 1, 2}));
}

TEST(OnnxModelTest, WhatTheModelComputesMustBeGiven) {
  Model model = onnx_lstm();
  for (const char* name : {"", "", "h"}) model.mutable_graph()->mutable_node(0)->add_input(name);
  OnnxRunner runner(parsed(model).node("n"));
  const Tensor x = Tensor::zeros({3, 1, 3}, DType::f32);
  expect_words([&] { static_cast<void>(runner.run({.x = x})); }, {"initial_h", "nothing", "'h'"});
  EXPECT_NO_THROW(static_cast<void>(runner.run({.x = x, .initial_h = Tensor::zeros({1, 1, 2}, DType::f32)})));
}

TEST(OnnxModelTest, Attributes) {
  Model model = onnx_model("LSTM", 2);
  Node& node = *model.mutable_graph()->mutable_node(0);
  add_attribute(node, "direction").set_s("bidirectional");
  add_attribute(node, "layout").set_i(1);
  add_attribute(node, "clip").set_f(0.5F);
  add_attribute(node, "input_forget").set_i(1);
  onnx_format::Attribute& names = add_attribute(node, "activations");
  for (const char* name : {"HardSigmoid", "Tanh", "Affine", "hardsigmoid", "RELU", "Sigmoid"}) names.add_strings(name);
  add_attribute(node, "activation_alpha").add_floats(0.2F);
  node.mutable_attribute(node.attribute_size() - 1)->add_floats(1.0F);
  node.mutable_attribute(node.attribute_size() - 1)->add_floats(1.0F / 6.0F);
  const OnnxOperator op = parsed(model).node("n").op;
  EXPECT_EQ(op.direction, OnnxDirection::bidirectional);
  EXPECT_TRUE(op.batch_major && op.input_forget);
  EXPECT_EQ(op.clip, 0.5);
  ASSERT_EQ(op.activations.size(), 2u);
  EXPECT_EQ(op.activations[0], (OnnxActivations{Activation::hard_sigmoid, Activation::tanh, Activation::linear}));
  EXPECT_EQ(op.activations[1],
            (OnnxActivations{Activation::hard_sigmoid_keras3, Activation::relu, Activation::sigmoid}));
}

/// What is wrong with a node is thrown when something is made of it, and the file loads.
void expect_refused(const Model& model, std::vector<std::string> words) {
  SCOPED_TRACE(::testing::PrintToString(words));
  words.emplace_back("m.onnx");
  const OnnxModel found = parsed(model);
  ASSERT_EQ(found.nodes.size(), 1U);
  expect_words([&] { static_cast<void>(found.nodes[0].weights()); }, words);
  expect_words([&] { OnnxRunner runner(found.nodes[0]); }, words);
  expect_words([&] { static_cast<void>(onnx_network(found.nodes)); }, words);
  EXPECT_NE(describe(found).find(found.nodes[0].error), std::string::npos);
}

Model with_node(const std::function<void(Node&)>& change, const std::string& op_type = "LSTM") {
  Model model = onnx_model(op_type, 2);
  change(*model.mutable_graph()->mutable_node(0));
  return model;
}

Model with_activation(const std::string& name, std::vector<float> alpha = {}, std::vector<float> beta = {}) {
  return with_node(
      [&](Node& node) {
        add_attribute(node, "activations").add_strings(name);
        onnx_format::Attribute& alphas = add_attribute(node, "activation_alpha");
        alphas.mutable_floats()->Add(alpha.begin(), alpha.end());
        onnx_format::Attribute& betas = add_attribute(node, "activation_beta");
        betas.mutable_floats()->Add(beta.begin(), beta.end());
      },
      "RNN");
}

TEST(OnnxModelTest, RefusesAttributes) {
  const auto refused = [](const std::function<void(Node&)>& change, std::vector<std::string> words,
                          const std::string& op_type = "LSTM") {
    words.emplace_back("node 'n'");
    expect_refused(with_node(change, op_type), words);
  };
  refused([](Node& node) { add_attribute(node, "direction").set_s("up"); }, {"'direction'", "'up'", "'reverse'"});
  refused([](Node& node) { add_attribute(node, "direction").set_i(1); }, {"'direction'", "a string"});
  refused([](Node& node) { add_attribute(node, "layout").set_i(2); }, {"'layout'", "2", "0 or 1"});
  refused([](Node& node) { add_attribute(node, "layout").set_f(1); }, {"'layout'", "an integer"});
  refused([](Node& node) { add_attribute(node, "clip").set_f(0); }, {"'clip'", "a number above 0"});
  refused([](Node& node) { add_attribute(node, "clip").set_f(NAN); }, {"'clip'", "nan"});
  refused([](Node& node) { add_attribute(node, "clip").set_i(1); }, {"'clip'", "a float"});
  refused([](Node& node) { node.mutable_attribute(0)->set_i(0); }, {"'hidden_size'", "at least 1"});
  refused([](Node& node) { add_attribute(node, "linear_before_reset").set_i(1); },
          {"'linear_before_reset'", "one of", "'input_forget'"});
  refused([](Node& node) { add_attribute(node, "input_forget").set_i(1); }, {"'input_forget'"}, "GRU");
  refused([](Node& node) { add_attribute(node, "activations").add_strings("Tanh"); },
          {"'activations'", "1 of them", "3 for a forward lstm"});
  refused([](Node& node) { node.mutable_input()->RemoveLast(); }, {"inputs", "2", "from 3 to 8"});
  refused(
      [](Node& node) {
        for (int k = 0; k < 4; ++k) node.add_input("");
      },
      {"inputs", "7", "from 3 to 6"}, "RNN");
}

TEST(OnnxModelTest, ActivationsHaveParameters) {
  const auto first = [](const std::string& name, const std::vector<float>& alphas = {},
                        const std::vector<float>& betas = {}) {
    return parsed(with_activation(name, alphas, betas)).nodes[0].op.activations[0].f;
  };
  EXPECT_EQ(first("Affine"), Activation::linear);
  EXPECT_EQ(first("Affine", {2.0F}), Activation(Activation::affine, 2, 0));
  EXPECT_EQ(first("Affine", {1.0F}, {0.5F}), Activation(Activation::affine, 1, 0.5));
  EXPECT_EQ(first("HardSigmoid"), Activation::hard_sigmoid);
  EXPECT_EQ(first("HardSigmoid", {0.25F}, {0.375F}), Activation(Activation::hard_sigmoid_onnx, 0.25, 0.375));
  EXPECT_EQ(first("LeakyRelu"), Activation(Activation::leaky_relu, static_cast<double>(0.01F)));
  EXPECT_EQ(first("LEAKYRELU", {0.25F}), Activation(Activation::leaky_relu, 0.25));
  EXPECT_EQ(first("ThresholdedRelu", {2.5F}), Activation(Activation::thresholded_relu, 2.5));
  EXPECT_EQ(first("ThresholdedRelu"), Activation::thresholded_relu);
  EXPECT_EQ(first("ScaledTanh", {1.5F}, {0.25F}), Activation(Activation::scaled_tanh, 1.5, 0.25));
  EXPECT_EQ(first("Elu", {0.5F}), Activation(Activation::elu, 0.5));
  EXPECT_EQ(first("Elu"), Activation::elu);
  EXPECT_EQ(first("Softsign"), Activation::softsign);
  EXPECT_EQ(first("softplus"), Activation::softplus);
}

TEST(OnnxModelTest, RefusesActivationsThatOnnxLacks) {
  expect_refused(with_activation("Gelu"), {"'activations'", "'Gelu'", "'HardSigmoid'", "'ScaledTanh'"});
  expect_refused(with_activation("Elu", {std::numeric_limits<float>::infinity()}), {"Elu of alpha inf", "finite"});
}

TEST(OnnxModelTest, RefusesWeightsThatDoNotFit) {
  const auto refused = [](const std::function<void(onnx_format::Graph&)>& change, std::vector<std::string> words) {
    Model model = onnx_lstm();
    change(*model.mutable_graph());
    expect_refused(model, words);
  };
  const auto swap = [&](int index, const onnx_format::Tensor& tensor) {
    return [=](onnx_format::Graph& graph) { *graph.mutable_initializer(index) = tensor; };
  };
  refused(swap(0, onnx_zeros("W", {1, 7, 3})), {"node 'n'", "W", "f32(1, 7, 3)", "f32(1, 8, 3)"});
  refused(swap(0, onnx_zeros("W", {8, 3})), {"W", "f32(8, 3)"});
  refused(swap(1, onnx_zeros("R", {1, 8, 3})), {"R", "f32(1, 8, 3)", "(1, 8, 2)"});
  refused(swap(1, onnx_zeros("R", {2, 8, 2})), {"R", "f32(2, 8, 2)", "(1, 8, 2)"});
  onnx_format::Tensor tensor = onnx_zeros("W", {1, 8, 3});
  tensor.set_data_type(8);
  refused(swap(0, tensor), {"tensor 'W'", "data_type", "8", "1 (FLOAT)"});
  tensor = onnx_zeros("W", {1, 8, 3});
  tensor.mutable_raw_data()->pop_back();
  refused(swap(0, tensor), {"tensor 'W'", "95 bytes", "96 bytes"});
  tensor.clear_raw_data();
  refused(swap(0, tensor), {"tensor 'W'", "0 bytes", "96 bytes"});
  tensor.set_data_location(1);
  refused(swap(0, tensor), {"tensor 'W'", "another file", "in memory"});
  tensor = onnx_zeros("W", {0});
  tensor.set_dims(0, -1);
  refused(swap(0, tensor), {"tensor 'W'", "dims", "-1"});
  tensor.set_dims(0, std::int64_t{1} << 62);
  tensor.add_dims(4);
  refused(swap(0, tensor), {"tensor 'W'", "less than 2^63 bytes"});
  refused(
      [](onnx_format::Graph& graph) {
        graph.mutable_node(0)->add_input("B");
        *graph.add_initializer() = onnx_zeros("B", {1, 8});
      },
      {"B", "f32(1, 8)", "f32(1, 16)"});
  refused(
      [](onnx_format::Graph& graph) {
        for (const char* name : {"", "", "", "", "P"}) graph.mutable_node(0)->add_input(name);
        *graph.add_initializer() = onnx_zeros("P", {1, 8});
      },
      {"P", "f32(1, 8)", "f32(1, 6)"});
}

TEST(OnnxModelTest, RefusesOtherFiles) {
  const auto refused = [](const std::string& bytes) {
    expect_words([&] { static_cast<void>(parse_onnx(as_bytes(bytes), "m.onnx")); }, {"m.onnx", "an ONNX model"});
  };
  refused("");
  refused("this is text");
  refused(std::string(1000, '\xff'));
  const std::string whole = onnx_lstm().SerializeAsString();
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_THROW(static_cast<void>(parse_onnx(as_bytes(whole.substr(0, size)), "m.onnx")), ValueError) << size;
  }
  expect_words([] { static_cast<void>(load_onnx(scratch("none.onnx"))); }, {"none.onnx", "no such file"});
  write_text(scratch("pointer.onnx"), "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 100\n");
  expect_words([] { static_cast<void>(load_onnx(scratch("pointer.onnx"))); }, {"pointer.onnx", "Git LFS pointer"});
  expect_words([] { static_cast<void>(parse_onnx(as_bytes("\x89HDF\r\n\x1a\n text"), "m.onnx")); }, {"m.onnx", "HDF5"});
}

TEST(OnnxModelTest, Tensors) {
  const auto made = [](int data_type, const std::function<void(onnx_format::Tensor&)>& fill) {
    onnx_format::Tensor tensor;
    tensor.add_dims(2);
    tensor.set_data_type(data_type);
    fill(tensor);
    return parse_onnx_tensor(as_bytes(tensor.SerializeAsString()), "t.pb");
  };
  const auto ints = [](std::int32_t a, std::int32_t b) {
    return [=](onnx_format::Tensor& tensor) {
      tensor.add_int32_data(a);
      tensor.add_int32_data(b);
    };
  };
  EXPECT_EQ(made(6, ints(-1, 2)).to_vector<std::int32_t>(), (std::vector<std::int32_t>{-1, 2}));
  EXPECT_EQ(made(9, ints(1, 0)).to_vector<bool>(), (std::vector<bool>{true, false}));
  EXPECT_TRUE(identical(made(10, ints(0x3c00, 0x4000)).to(DType::f32), Tensor::from({1.F, 2.F}, {2})));
  EXPECT_TRUE(identical(made(16, ints(0x3f80, 0x4000)).to(DType::f32), Tensor::from({1.F, 2.F}, {2})));
  EXPECT_TRUE(identical(made(11,
                             [](onnx_format::Tensor& tensor) {
                               tensor.add_double_data(0.5);
                               tensor.add_double_data(-0.5);
                             }),
                        Tensor::from({0.5, -0.5}, {2})));
  EXPECT_TRUE(identical(made(7,
                             [](onnx_format::Tensor& tensor) {
                               tensor.add_int64_data(std::int64_t{1} << 40);
                               tensor.add_int64_data(-1);
                             }),
                        Tensor::from<std::int64_t>({std::int64_t{1} << 40, -1}, {2})));
  expect_words([&] { static_cast<void>(made(9, ints(1, 2))); }, {"t.pb", "a BOOL of 2"});
  expect_words([&] { static_cast<void>(made(6, [](onnx_format::Tensor& tensor) { tensor.add_int32_data(1); })); },
               {"t.pb", "4 bytes", "8 bytes"});
}

}  // namespace
}  // namespace rondo::test
