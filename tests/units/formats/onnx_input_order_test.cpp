// How X of a node stands in the model's input: OnnxNode::input_order.
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "units/formats/onnx_builder.h"

namespace rondo::test {
namespace {

using onnx_format::Node;
using Between = std::function<void(Builder&)>;

/// The node of a model with the input "x", whose node reads "X" after what `between` adds.
OnnxNode node_after(const Between& between, const std::string& input = "x", int rank = 3) {
  Builder b;
  b.model = onnx_lstm();
  b.input(input, rank);
  between(b);
  return parsed(b.model).nodes.at(0);
}

void transpose(Builder& b, const std::string& from, const std::string& to, const std::vector<std::int64_t>& order) {
  ints(b.node("Transpose", {from}, to), "perm", order);
}

TEST(OnnxInputOrder, IsTheSameWhereNothingChangesIt) {
  const auto nothing = [](Builder&) {};
  EXPECT_EQ(node_after(nothing, "X").input_order, OnnxInputOrder::same);
  EXPECT_EQ(node_after([](Builder& b) { b.node("Identity", {"x"}, "X"); }).input_order, OnnxInputOrder::same);
  const OnnxNode twice = node_after([](Builder& b) {
    transpose(b, "x", "t", {1, 0, 2});
    transpose(b, "t", "X", {1, 0, 2});
  });
  EXPECT_EQ(twice.input_order, OnnxInputOrder::same);
  EXPECT_EQ(twice.reasons.at(0), "");
}

TEST(OnnxInputOrder, IsSwappedByATranspose) {
  const auto swapped = [](Builder& b) { transpose(b, "x", "X", {1, 0, 2}); };
  const OnnxNode node = node_after(swapped);
  EXPECT_EQ(node.input_order, OnnxInputOrder::swapped);
  EXPECT_EQ(node.reasons.at(0), "");
  const OnnxNode around = node_after([](Builder& b) {
    b.constant(list("one", {1}));
    b.node("Unsqueeze", {"x", "one"}, "u");
    transpose(b, "u", "t", {2, 1, 0, 3});
    b.node("Squeeze", {"t", "one"}, "X");
  });
  EXPECT_EQ(around.input_order, OnnxInputOrder::swapped);
}

TEST(OnnxInputOrder, IsToldByTheDescription) {
  Builder b;
  b.model = onnx_lstm();
  b.input("x", 3);
  transpose(b, "x", "X", {1, 0, 2});
  EXPECT_NE(describe(parsed(b.model)).find("T and B swapped from the model's input"), std::string::npos);
}

/// What stands before a node whose order nobody can tell, and the reason that is given.
struct UnknownOrder {
  Between between;
  std::string reason;
  std::string input = "x";
  int rank = 3;
};

TEST(OnnxInputOrder, IsUnknownElseAndSaysWhy) {
  const std::vector<UnknownOrder> cases{
      {[](Builder& b) { b.node("Relu", {"x"}, "X"); }, "'X', which Relu 'X' computes"},
      {[](Builder& b) {
         transpose(b, "x", "X", {1, 2, 0});
       },
       "'x', through 'X', which Transpose 'X' computes"},
      {[](Builder& b) { b.node("Transpose", {"x"}, "X"); }, "'x', through 'X', which Transpose 'X' computes"},
      {[](Builder& b) {
         transpose(b, "x", "X", {1, 0, 7});
       },
       "'x', through 'X', which Transpose 'X' computes"},
      {[](Builder& b) { b.node("Identity", {"X"}, "X"); },
       "'X', which Identity 'X' computes, through 'X', which Identity 'X' computes"},
      {[](Builder&) {}, "'X'"},
      {[](Builder& b) {
         transpose(b, "x", "X", {1, 0, 2});
       },
       "'x', through 'X', which Transpose 'X' computes", "x", 4},
      // Sizes of one T and B: whether they mix rows and steps depends on the input.
      {[](Builder& b) {
         b.constant(list("shape", {5, 2, -1}));
         b.node("Reshape", {"x", "shape"}, "X");
       },
       "'x', through 'X', which Reshape 'X' computes"},
      {[](Builder& b) {
         b.node("Relu", {"x"}, "r");
         transpose(b, "r", "X", {1, 0, 2});
       },
       "'r', which Relu 'r' computes, through 'X', which Transpose 'X' computes"},
  };
  for (const UnknownOrder& one : cases) {
    SCOPED_TRACE(one.reason);
    const OnnxNode node = node_after(one.between, one.input, one.rank);
    EXPECT_EQ(node.input_order, OnnxInputOrder::unknown);
    EXPECT_EQ(node.reasons.at(0), one.reason);
  }
}

TEST(OnnxInputOrder, OfALayerAboveAnotherIsUnknown) {
  Builder b;
  b.model = onnx_lstm();
  b.input("X", 3);
  b.constant(list("one", {1}));
  b.node("Squeeze", {"Y", "one"}, "y");
  b.constant(onnx_zeros("W2", {1, 8, 2}));
  Node& second = b.node("LSTM", {"y", "W2", "R"}, "Z");
  add_attribute(second, "hidden_size").set_i(2);
  const OnnxModel model = parsed(b.model);
  EXPECT_EQ(model.nodes.at(0).input_order, OnnxInputOrder::same);
  EXPECT_EQ(model.nodes.at(1).input_order, OnnxInputOrder::unknown);
  EXPECT_EQ(model.nodes.at(1).reasons.at(0), "'Y', which LSTM 'n' computes, through 'y', which Squeeze 'y' computes");
}

// A chain that is longer than any exporter's would cost each of very many nodes its length.
TEST(OnnxInputOrder, OfAVeryLongChainIsUnknown) {
  const OnnxNode node = node_after([](Builder& b) {
    for (int k = 0; k < 65; ++k)
      b.node("Identity", {k == 0 ? "x" : "i" + std::to_string(k)}, k == 64 ? "X" : "i" + std::to_string(k + 1));
  });
  EXPECT_EQ(node.input_order, OnnxInputOrder::unknown);
}

}  // namespace
}  // namespace rondo::test
