// Stacks of layers that onnx_network finds, and graphs that try to break the reader.
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "support/compare.h"
#include "support/expect_error.h"
#include "units/formats/onnx_builder.h"

namespace rondo::test {
namespace {

using onnx_format::Node;

/// Two LSTMs of 2 units, with the nodes between them that `between` makes from "Y" to "x".
LoadedNetwork stacked(const std::function<void(Builder&)>& between, const std::string& state = "") {
  Builder b;
  b.model = onnx_lstm();
  b.constant(onnx_zeros("W2", {1, 8, 2}));
  b.constant(list("one", {1}));
  between(b);
  Node& second = b.node("LSTM", {"x", "W2", "R"}, "Z");
  second.set_name("second");
  add_attribute(second, "hidden_size").set_i(2);
  for (const std::string& name : {std::string(), std::string(), state}) second.add_input(name);
  return onnx_network(parsed(b.model));
}

TEST(OnnxStack, IsNodesWithNothingBetweenThemButTheLayout) {
  EXPECT_EQ(stacked([](Builder& b) { b.node("Squeeze", {"Y", "one"}, "x"); }).spec.layers.size(), 2U);
  EXPECT_NO_THROW((void)stacked([](Builder& b) {
    b.constant(list("shape", {0, 0, 2}));
    ints(b.node("Transpose", {"Y"}, "t"), "perm", {0, 2, 1, 3});
    b.node("Reshape", {"t", "shape"}, "x");
  }));
  EXPECT_NO_THROW((void)stacked([](Builder& b) {  // B before T, and back
    b.node("Squeeze", {"Y", "one"}, "y");
    ints(b.node("Transpose", {"y"}, "t"), "perm", {1, 0, 2});
    ints(b.node("Transpose", {"t"}, "x"), "perm", {1, 0, 2});
  }));
}

TEST(OnnxStack, RefusesWhatIsNone) {
  const auto refused = [](const std::function<void(Builder&)>& between, std::vector<std::string> words,
                          const std::string& state = "") {
    words.emplace_back("m.onnx: ");
    words.emplace_back("node 'second'");
    expect_words([&] { (void)stacked(between, state); }, words);
  };
  const auto squeezed = [](Builder& b) { b.node("Squeeze", {"Y", "one"}, "x"); };
  refused([](Builder& b) { b.node("Relu", {"Y"}, "x"); }, {"'x', which Relu 'x' computes", "Y of node 'n'"});
  refused([](Builder& b) { b.input("x", 3); }, {"got 'x'"});
  refused(
      [](Builder& b) {
        b.node("Squeeze", {"Y", "one"}, "y");
        ints(b.node("Transpose", {"y"}, "x"), "perm", {1, 0, 2});
      },
      {"Y in another layout"});
  refused(
      [](Builder& b) {
        b.constant(list("shape", {-1, 1, 2}));
        b.node("Reshape", {"Y", "shape"}, "x");
      },
      {"Y in another layout", "Reshape 'x'"});
  refused(
      [](Builder& b) {
        b.node("Range", {"one"}, "axes");
        b.node("Squeeze", {"Y", "axes"}, "x");
      },
      {"Y in another layout", "Squeeze 'x'"});
  refused([](Builder& b) { b.node("Identity", {"x"}, "x"); }, {"'x'"});
  const auto with_last = [&](Builder& b) {
    b.graph().mutable_node(0)->add_output("last");
    squeezed(b);
  };
  refused(with_last, {"'last', which depends on the results of another node"}, "last");
  const auto with_state = [&](Builder& b) {
    b.constant(float_tensor("h0", {1, 1, 2}, {1.F, 0.F}));
    squeezed(b);
  };
  refused(with_state, {"constant states other than zeros"}, "h0");
}

// Nothing of this may hang, crash, or take memory that the file does not have.
TEST(OnnxHostile, Graphs) {
  const auto expect_refused = [](const Builder& builder, const std::vector<std::string>& words) {
    expect_words([&] { (void)parsed(builder.model).nodes.at(0).weights(); }, words);
  };
  const auto lstm = [] {
    Builder b;
    b.model = onnx_model("LSTM", 2);
    b.constant(onnx_zeros("R", {1, 8, 2}));
    return b;
  };
  Builder cycle = lstm();
  cycle.node("Identity", {"b"}, "a");
  cycle.node("Identity", {"a"}, "b");
  cycle.node("Identity", {"a"}, "W");
  expect_refused(cycle, {"'W'", "Identity 'W'", "depends on itself"});

  Builder huge = lstm();
  huge.constant(list("shape", {1, 8, std::int64_t{1} << 40}));
  huge.node("ConstantOfShape", {"shape"}, "W");
  expect_refused(huge, {"W", "far more than the model has data"});

  Builder beyond = lstm();
  beyond.constant(list("shape", {std::int64_t{1} << 40, std::int64_t{1} << 40}));
  beyond.node("ConstantOfShape", {"shape"}, "W");
  expect_refused(beyond, {"W", "less than 2^63 bytes"});

  Builder doubling = lstm();
  doubling.constant(onnx_zeros("w0", {1, 8, 3}));
  for (int k = 0; k < 60; ++k) {
    const std::string name = "w" + std::to_string(k);
    add_attribute(doubling.node("Concat", {name, name}, k == 59 ? "W" : "w" + std::to_string(k + 1)), "axis").set_i(2);
  }
  expect_refused(doubling, {"W", "far more than the model has data"});

  Builder twice = lstm();
  twice.node("Identity", {"R"}, "W");
  twice.node("Identity", {"R"}, "W");
  expect_refused(twice, {"'W'", "several nodes make"});

  Builder deep = lstm();
  deep.constant(onnx_zeros("w0", {1, 8, 3}));
  constexpr int kNodes = 50000;
  for (int k = 0; k < kNodes; ++k) {
    deep.node("Identity", {"w" + std::to_string(k)}, k + 1 == kNodes ? "W" : "w" + std::to_string(k + 1));
  }
  EXPECT_NO_THROW((void)parsed(deep.model).node("n").weights());
}

}  // namespace
}  // namespace rondo::test
