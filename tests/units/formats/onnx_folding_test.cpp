// Constants that a model computes before it runs, and zero states from shapes.
#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

#include "rondo/vocabulary/error.h"
#include "support/compare.h"
#include "support/expect_error.h"
#include "units/formats/onnx_builder.h"

namespace rondo::test {
namespace {

using onnx_format::Node;

/// 0, 1, 2, ... of a shape.
Builder counting() {
  Builder builder;
  builder.constant(float_tensor("x", {2, 3}, {0, 1, 2, 3, 4, 5}));
  return builder;
}

TEST(OnnxFolding, Layout) {
  Builder b = counting();
  b.constant(list("axes", {0, -1}));
  b.constant(list("shape", {0, -1, 1}));
  b.constant(list("wide", {2, 2, 3}));
  ints(b.node("Transpose", {"x"}, "transposed"), "perm", {1, 0});
  b.node("Transpose", {"x"}, "reversed");
  b.node("Unsqueeze", {"x", "axes"}, "more");
  b.node("Squeeze", {"more", "axes"}, "fewer");
  b.node("Reshape", {"transposed", "shape"}, "reshaped");
  add_attribute(b.node("Flatten", {"more"}, "flat"), "axis").set_i(2);
  b.node("Expand", {"x", "wide"}, "expanded");
  b.node("Identity", {"x"}, "same");
  const Tensor x = b.folded("x");
  EXPECT_TRUE(identical(b.folded("transposed"), x.transpose({1, 0}).clone()));
  EXPECT_TRUE(identical(b.folded("reversed"), x.transpose({1, 0}).clone()));
  EXPECT_TRUE(identical(b.folded("more"), x.reshape({1, 2, 3, 1})));
  EXPECT_TRUE(identical(b.folded("fewer"), x));
  EXPECT_TRUE(identical(b.folded("reshaped"), x.transpose({1, 0}).reshape({3, 2, 1})));
  EXPECT_TRUE(identical(b.folded("flat"), x.reshape({2, 3})));
  EXPECT_TRUE(identical(b.folded("expanded"), x.broadcast_to({2, 2, 3}).clone()));
  EXPECT_TRUE(identical(b.folded("same"), x));
}

TEST(OnnxFolding, Parts) {
  Builder b = counting();
  const auto slice = [&](const std::string& output, std::int64_t start, std::int64_t end, std::int64_t axis,
                         std::int64_t step) {
    b.constant(list(output + ".start", {start}));
    b.constant(list(output + ".end", {end}));
    b.constant(list(output + ".axis", {axis}));
    b.constant(list(output + ".step", {step}));
    b.node("Slice", {"x", output + ".start", output + ".end", output + ".axis", output + ".step"}, output);
    return b.folded(output);
  };
  constexpr std::int64_t kMin = std::numeric_limits<std::int64_t>::min();
  constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();
  const Tensor x = b.folded("x");
  EXPECT_TRUE(identical(slice("a", 1, kMax, 1, 1), x.slice(1, 1, 3).clone()));
  EXPECT_TRUE(identical(slice("b", -2, -1, -1, 1), x.slice(1, 1, 2).clone()));
  EXPECT_TRUE(identical(slice("c", -1, kMin, 1, -1), x.slice(1, 2, -1, -1).clone()));
  EXPECT_TRUE(identical(slice("d", 0, 3, 1, 2), x.slice(1, 0, 3, 2).clone()));
  EXPECT_EQ(slice("e", 2, 1, 1, 1).shape(), (Shape{2, 0}));
  add_attribute(b.node("Concat", {"a", "b"}, "joined"), "axis").set_i(-1);
  EXPECT_TRUE(identical(b.folded("joined"), Tensor::from({1.F, 2.F, 1.F, 4.F, 5.F, 4.F}, {2, 3})));
  b.constant(int_tensor("last", {}, {-1}));
  b.constant(list("two", {2, 0}));
  add_attribute(b.node("Gather", {"x", "last"}, "row"), "axis").set_i(0);
  add_attribute(b.node("Gather", {"x", "two"}, "columns"), "axis").set_i(1);
  EXPECT_TRUE(identical(b.folded("row"), Tensor::from({3.F, 4.F, 5.F}, {3})));
  EXPECT_TRUE(identical(b.folded("columns"), Tensor::from({2.F, 0.F, 5.F, 3.F}, {2, 2})));
  Node& split = b.node("Split", {"x"}, "first");
  add_attribute(split, "axis").set_i(1);
  split.add_output("second");
  EXPECT_TRUE(identical(b.folded("first"), x.slice(1, 0, 2).clone()));
  EXPECT_TRUE(identical(b.folded("second"), x.slice(1, 2, 3).clone()));
}

TEST(OnnxFolding, Arithmetic) {
  Builder b = counting();
  b.constant(list("a", {7, -7, 3}));
  b.constant(list("b", {2, 2, 0}));
  for (const char* op : {"Add", "Sub", "Mul", "Div"}) b.node(op, {"a", "b"}, op);
  b.node("Mul", {"x", "x"}, "squares");
  add_attribute(b.node("Cast", {"x"}, "half"), "to").set_i(10);
  add_attribute(b.node("Cast", {"a"}, "float"), "to").set_i(1);
  const auto numbers = [&](const char* name) { return b.folded(name).to_vector<std::int64_t>(); };
  EXPECT_EQ(numbers("Add"), (std::vector<std::int64_t>{9, -5, 3}));
  EXPECT_EQ(numbers("Sub"), (std::vector<std::int64_t>{5, -9, 3}));
  EXPECT_EQ(numbers("Mul"), (std::vector<std::int64_t>{14, -14, 0}));
  expect_words([&] { (void)b.folded("Div"); }, {"tensor 'Div'", "depends"});  // by zero
  EXPECT_TRUE(identical(b.folded("squares"), Tensor::from({0.F, 1.F, 4.F, 9.F, 16.F, 25.F}, {2, 3})));
  EXPECT_EQ(b.folded("half").dtype(), DType::f16);
  EXPECT_TRUE(identical(b.folded("float"), Tensor::from({7.F, -7.F, 3.F}, {3})));
}

TEST(OnnxFolding, Dequantized) {
  Builder b;
  onnx_format::Tensor q;
  q.set_name("q");
  q.set_data_type(3);
  q.add_dims(2);
  q.add_dims(2);
  q.set_raw_data(std::string("\xff\x02\x80\x7f", 4));  // -1 2 -128 127
  b.constant(q);
  b.constant(float_tensor("scale", {}, {0.5F}));
  b.constant(float_tensor("scales", {2}, {1.0F, 2.0F}));
  onnx_format::Tensor zero = q;
  zero.set_name("zeros");
  zero.clear_dims();
  zero.add_dims(2);
  zero.set_raw_data(std::string("\x01\x00", 2));
  b.constant(zero);
  b.node("DequantizeLinear", {"q", "scale"}, "all");
  add_attribute(b.node("DequantizeLinear", {"q", "scales", "zeros"}, "rows"), "axis").set_i(0);
  b.node("DequantizeLinear", {"q", "scales", "zeros"}, "columns");
  EXPECT_EQ(b.folded("q").to_vector<std::int32_t>(), (std::vector<std::int32_t>{-1, 2, -128, 127}));
  EXPECT_TRUE(identical(b.folded("all"), Tensor::from({-0.5F, 1.F, -64.F, 63.5F}, {2, 2})));
  EXPECT_TRUE(identical(b.folded("rows"), Tensor::from({-2.F, 1.F, -256.F, 254.F}, {2, 2})));
  EXPECT_TRUE(identical(b.folded("columns"), Tensor::from({-2.F, 4.F, -129.F, 254.F}, {2, 2})));
}

TEST(OnnxFolding, ConstantsOfAllKinds) {
  Builder b;
  add_attribute(b.node("Constant", {}, "float"), "value_float").set_f(0.5F);
  add_attribute(b.node("Constant", {}, "int"), "value_int").set_i(3);
  onnx_format::Attribute& floats = add_attribute(b.node("Constant", {}, "floats"), "value_floats");
  floats.add_floats(1);
  floats.add_floats(2);
  ints(b.node("Constant", {}, "ints"), "value_ints", {2, 3});
  Node& made = b.node("ConstantOfShape", {"ints"}, "made");
  *add_attribute(made, "value").mutable_t() = float_tensor("", {1}, {4.F});
  b.node("Shape", {"made"}, "shape");
  add_attribute(b.node("Constant", {}, "text"), "value_string").set_s("a");
  EXPECT_EQ(b.folded("float").item(), 0.5);
  EXPECT_EQ(b.folded("int").item(), 3);
  EXPECT_TRUE(identical(b.folded("floats"), Tensor::from({1.F, 2.F}, {2})));
  EXPECT_TRUE(identical(b.folded("made"), Tensor::full({2, 3}, 4, DType::f32)));
  EXPECT_EQ(b.folded("shape").to_vector<std::int64_t>(), (std::vector<std::int64_t>{2, 3}));
  expect_words([&] { (void)b.folded("text"); }, {"tensor 'text'", "Constant 'text'", "of another kind"});
}

/// An LSTM of I 3 and H 2 that reads "h" and "c" as its states.
Builder with_states(const std::string& h, const std::string& c) {
  Builder b;
  b.model = onnx_lstm();
  for (const std::string& name : {std::string(), std::string(), h, c}) b.graph().mutable_node(0)->add_input(name);
  b.input("X", 3);
  return b;
}

OnnxOutputs run(const Builder& builder, std::int64_t B) {
  OnnxRunner runner(parsed(builder.model).node("n"));
  return runner.run({.x = Tensor::full({4, B, 3}, 0.5, DType::f32)});
}

TEST(OnnxFolding, StatesFromShapesAreForAnyBatch) {
  Builder b = with_states("h", "c");
  b.constant(float_tensor("zero", {}, {0.F}));
  b.constant(int_tensor("one", {}, {1}));
  b.constant(list("1", {1}));
  b.constant(list("2", {2}));
  b.constant(list("axes", {0}));
  b.constant(float_tensor("learned", {1, 1, 2}, {0.25F, -0.5F}));
  b.node("Shape", {"X"}, "shape");
  add_attribute(b.node("Gather", {"shape", "one"}, "B"), "axis").set_i(0);
  b.node("Unsqueeze", {"B", "axes"}, "B list");
  add_attribute(b.node("Concat", {"1", "B list", "2"}, "sizes"), "axis").set_i(0);
  b.node("Expand", {"zero", "sizes"}, "h");
  b.node("Expand", {"learned", "sizes"}, "c");
  const OnnxNode node = parsed(b.model).node("n");
  EXPECT_EQ(node.constants.initial_h->shape(), (Shape{1, 1, 2}));
  EXPECT_TRUE(identical(*node.constants.initial_c, Tensor::from({0.25F, -0.5F}, {1, 1, 2})));
  for (const std::int64_t B : {1, 3}) {
    // All weights are zeros: c is halved in each step, and h is tanh(c) / 2.
    const Tensor c = *run(b, B).y_c;
    EXPECT_TRUE(close(c, Tensor::from({0.25F / 16, -0.5F / 16}, {1, 1, 2}).broadcast_to({1, B, 2}), 1e-6));
  }
}

TEST(OnnxFolding, StatesThatDependOnNumbersAreAskedFor) {
  Builder b = with_states("h", "");
  b.node("ReduceSum", {"X"}, "h");
  const OnnxModel model = parsed(b.model);
  expect_words([&] { (void)run(b, 2); }, {"initial_h", "nothing", "'h'"});
  EXPECT_NE(describe(model).find("'h', which ReduceSum 'h' computes"), std::string::npos) << describe(model);
}

TEST(OnnxFolding, WeightsThatAGraphReallyComputes) {
  Builder b;
  b.model = onnx_model("LSTM", 2);
  b.constant(onnx_zeros("R", {1, 8, 2}));
  b.node("MatMul", {"X", "R"}, "product");
  b.node("Transpose", {"product"}, "W");
  const OnnxModel model = parsed(b.model);
  ASSERT_EQ(model.nodes.size(), 1U);
  EXPECT_EQ(model.nodes[0].error, "");
  expect_words(
      [&] { (void)model.nodes[0].weights(); },
      {"m.onnx: node 'n': W", "'W', which Transpose 'W' computes from 'product', which MatMul 'product' computes"});
}

}  // namespace
}  // namespace rondo::test
