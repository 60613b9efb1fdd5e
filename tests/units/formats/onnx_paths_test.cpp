// Recurrent nodes in bodies and functions, and data in files beside a model.
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "rondo/vocabulary/error.h"
#include "support/compare.h"
#include "support/expect_error.h"
#include "units/formats/onnx_messages.h"
#include "units/formats/scratch_files.h"

namespace rondo::test {
namespace {

using onnx_format::Graph;
using onnx_format::Model;
using onnx_format::Node;

Node& add_lstm(Graph& graph, const std::string& name, const std::vector<std::string>& inputs = {"X", "W", "R"}) {
  Node& node = *graph.add_node();
  node.set_name(name);
  node.set_op_type("LSTM");
  for (const std::string& input : inputs) node.add_input(input);
  node.add_output("Y of " + name);
  return node;
}

Graph& add_body(Graph& graph, const std::string& op, const std::string& name, const std::string& attribute) {
  Node& node = *graph.add_node();
  node.set_op_type(op);
  node.set_name(name);
  return *add_attribute(node, attribute).mutable_g();
}

/// A main graph with the weights of an LSTM of I 3 and H 2.
Model with_weights() {
  Model model;
  *model.mutable_graph()->add_initializer() = onnx_zeros("W", {1, 8, 3});
  *model.mutable_graph()->add_initializer() = onnx_zeros("R", {1, 8, 2});
  return model;
}

TEST(OnnxPaths, NodesInBodiesSeeTheWeightsOfTheGraphsAround) {
  Model model = with_weights();
  Graph& loop = add_body(*model.mutable_graph(), "Loop", "loop", "body");
  add_lstm(loop, "lstm");
  Graph& branch = add_body(loop, "If", "if", "then_branch");
  *branch.add_initializer() = onnx_zeros("R", {1, 8, 2});
  branch.mutable_initializer(0)->mutable_raw_data()->replace(0, 4, std::string("\0\0\x80\x3f", 4));
  add_lstm(branch, "lstm");
  add_lstm(add_body(*model.mutable_graph(), "Scan", "scan", "body"), "other", {"x", "W", "R", "", "", "h"});
  const OnnxModel found = parsed(model);
  std::vector<std::string> names;
  for (const OnnxNode& node : found.nodes) names.push_back(node.name);
  EXPECT_EQ(names, (std::vector<std::string>{"loop/body/lstm", "loop/body/if/then_branch/lstm", "scan/body/other"}));
  EXPECT_EQ(found.node("loop/body/lstm").weights().recurrent_kernel.to_vector<float>()[0], 0.0F);
  EXPECT_EQ(found.node("then_branch/lstm").weights().recurrent_kernel.to_vector<float>()[0], 1.0F);
  EXPECT_EQ(found.tensor("loop/body/if/then_branch/R").to_vector<float>()[0], 1.0F);
  EXPECT_EQ(&found.node("other"), &found.nodes[2]);
  expect_words([&] { (void)found.node("lstm"); }, {"'lstm'", "the end of several names", "'loop/body/lstm'"});
  EXPECT_EQ(found.other_operators, (std::map<std::string, int>{{"If", 1}, {"Loop", 1}, {"Scan", 1}}));
  expect_words([&] { (void)onnx_network(found); }, {"X of node 'loop/body/if/then_branch/lstm'", "'X'"});
}

TEST(OnnxPaths, NodesInFunctionsHaveTheirArgumentsAndAttributes) {
  Model model = with_weights();
  onnx_format::Function& function = *model.add_functions();
  function.set_name("Layer");
  function.set_domain("local");
  for (const char* name : {"x", "w", "r"}) function.add_input(name);
  function.add_output("y");
  Node& inner = *function.add_node();
  inner.set_op_type("LSTM");
  inner.set_name("lstm");
  for (const char* name : {"x", "w", "same"}) inner.add_input(name);
  inner.add_output("y");
  onnx_format::Attribute& direction = add_attribute(inner, "direction");
  direction.set_ref_attr_name("way");
  direction.set_type(3);
  Node& identity = *function.add_node();
  identity.set_op_type("Identity");
  identity.add_input("r");
  identity.add_output("same");
  for (const char* name : {"first", "second"}) {
    Node& call = *model.mutable_graph()->add_node();
    call.set_op_type("Layer");
    call.set_domain("local");
    call.set_name(name);
    for (const char* input : {"X", "W", "R"}) call.add_input(input);
    call.add_output(std::string("Y of ") + name);
    if (name == std::string("second")) add_attribute(call, "way").set_s("reverse");
  }
  const OnnxModel found = parsed(model);
  ASSERT_EQ(found.nodes.size(), 2U);
  EXPECT_EQ(found.node("first/lstm").op.direction, OnnxDirection::forward);
  EXPECT_EQ(found.node("second/lstm").op.direction, OnnxDirection::reverse);
  EXPECT_EQ(found.node("second/lstm").weights().kernel.shape(), (Shape{1, 8, 3}));

  // A function that calls itself.
  *function.add_node() = model.graph().node(0);
  expect_words([&] { (void)parsed(model); }, {"m.onnx", "without an end"});
}

TEST(OnnxPaths, FunctionsThatCallEachOtherVeryOften) {
  Model model = with_weights();
  constexpr int kFunctions = 40;
  for (int k = 0; k < kFunctions; ++k) {
    onnx_format::Function& function = *model.add_functions();
    function.set_name("f" + std::to_string(k));
    function.set_domain("local");
    for (int call = 0; call < 2; ++call) {
      Node& node = *function.add_node();
      node.set_name("call" + std::to_string(call));
      node.set_op_type(k == 0 ? "LSTM" : "f" + std::to_string(k - 1));
      node.set_domain(k == 0 ? "" : "local");
    }
  }
  Node& call = *model.mutable_graph()->add_node();
  call.set_op_type("f" + std::to_string(kFunctions - 1));
  call.set_domain("local");
  expect_words([&] { (void)parsed(model); }, {"m.onnx", "graphs and calls of functions", "at most"});
}

TEST(OnnxPaths, OneBrokenNodeLeavesTheOthers) {
  Model model = with_weights();
  add_lstm(*model.mutable_graph(), "good");
  add_attribute(add_lstm(*model.mutable_graph(), "bad"), "direction").set_s("up");
  onnx_format::Tensor text = onnx_zeros("text", {1});
  text.set_data_type(8);
  *model.mutable_graph()->add_initializer() = text;
  const OnnxModel found = parsed(model);
  EXPECT_NO_THROW(OnnxRunner runner(found.node("good")));
  expect_words([&] { OnnxRunner runner(found.node("bad")); }, {"m.onnx: node 'bad'", "'direction'", "'up'"});
  expect_words([&] { (void)found.tensor("text"); }, {"m.onnx: tensor 'text'", "data_type", "8"});
  expect_words([&] { (void)found.tensor("none"); }, {"m.onnx: tensor", "'none'", "one of 'W', 'R', 'text'"});
  const std::string description = describe(found);
  for (const char* words : {"good: LSTM, forward, I 3, H 2; W f32(1, 8, 3), R f32(1, 8, 2)", "bad: LSTM", "'up'"}) {
    EXPECT_NE(description.find(words), std::string::npos) << description;
  }
}

class OnnxExternalData : public ::testing::Test {
 protected:
  /// A model whose W is in a file, with entries of the caller's.
  OnnxModel load(const std::vector<std::pair<std::string, std::string>>& entries) const {
    Model model = with_weights();
    add_lstm(*model.mutable_graph(), "n");
    onnx_format::Tensor& W = *model.mutable_graph()->mutable_initializer(0);
    W.clear_raw_data();
    W.set_data_location(1);
    for (const auto& [key, value] : entries) {
      onnx_format::StringEntry& entry = *W.add_external_data();
      entry.set_key(key);
      entry.set_value(value);
    }
    std::filesystem::create_directories(folder_);
    write_text(folder_ / "m.onnx", model.SerializeAsString());
    return load_onnx(folder_ / "m.onnx");
  }

  void expect_refused(const std::vector<std::pair<std::string, std::string>>& entries,
                      std::vector<std::string> words) const {
    SCOPED_TRACE(::testing::PrintToString(entries));
    words.emplace_back("m.onnx");
    const OnnxModel model = load(entries);
    expect_words([&] { (void)model.node("n").weights(); }, words);
    expect_words([&] { (void)model.tensor("W"); }, words);
    EXPECT_NO_THROW((void)model.tensor("R"));
  }

  std::filesystem::path folder_ = scratch("folder");
};

TEST_F(OnnxExternalData, IsReadWhereItIs) {
  std::filesystem::create_directories(folder_ / "below");
  write_text(folder_ / "below" / "w.bin", "12345678" + std::string(96, '\0'));
  for (const auto& entries : {std::vector<std::pair<std::string, std::string>>{
                                  {"location", "below/w.bin"}, {"offset", "8"}, {"length", "96"}, {"checksum", "x"}},
                              {{"location", "./below/w.bin"}, {"offset", "8"}}}) {
    EXPECT_TRUE(identical(load(entries).node("n").weights().kernel, Tensor::zeros({1, 8, 3}, DType::f32)));
  }
}

TEST_F(OnnxExternalData, StaysInTheFolderOfTheModel) {
  std::filesystem::create_directories(folder_);
  const std::string zeros(96, '\0');
  write_text(scratch("outside.bin"), zeros);
  write_text(folder_ / "inside.bin", zeros);
  std::filesystem::create_symlink(scratch("outside.bin"), folder_ / "leaves");
  std::filesystem::create_symlink("inside.bin", folder_ / "stays");
  std::filesystem::create_directory_symlink("..", folder_ / "up");
  EXPECT_EQ(load({{"location", "stays"}}).node("n").error, "");
  expect_refused({{"location", "leaves"}},
                 {"'leaves', a symbolic link out of the folder", "within the folder of the file"});
  expect_refused({{"location", "up/outside.bin"}}, {"a symbolic link out of the folder"});
  expect_refused({{"location", "../outside.bin"}}, {"'../outside.bin'", "a path within the folder"});
  expect_refused({{"location", "below/../../outside.bin"}}, {"a path within the folder"});
  expect_refused({{"location", scratch("outside.bin").string()}}, {"a path within the folder"});
  expect_refused({{"location", "/etc/passwd"}}, {"a path within the folder"});
  expect_refused({{"location", ""}}, {"a path within the folder"});
  expect_refused({{"location", std::string("inside.bin\0x", 12)}}, {"a path with a null character"});
  expect_refused({}, {"a path within the folder"});
}

/// The cache of Hugging Face: all files of the folder are links into one other folder.
TEST_F(OnnxExternalData, IsFoundWhereTheModelIsALink) {
  std::filesystem::create_directories(folder_);
  write_text(folder_ / "w.bin", std::string(96, '\0'));
  (void)load({{"location", "w.bin"}});
  const std::filesystem::path snapshot = scratch("snapshot");
  std::filesystem::create_directories(snapshot);
  std::filesystem::create_symlink(folder_ / "m.onnx", snapshot / "m.onnx");
  std::filesystem::create_symlink(folder_ / "w.bin", snapshot / "w.bin");
  EXPECT_EQ(load_onnx(snapshot / "m.onnx").node("n").weights().kernel.size(2), 3);
}

TEST_F(OnnxExternalData, HasTheSizesThatTheModelSays) {
  std::filesystem::create_directories(folder_);
  write_text(folder_ / "w.bin", std::string(100, '\0'));
  expect_refused({{"location", "none.bin"}}, {"'none.bin'", "No such file"});
  expect_refused({{"location", "."}}, {"a directory"});
  expect_refused({{"location", "w.bin"}}, {"100 bytes", "96 bytes"});
  expect_refused({{"location", "w.bin"}, {"length", "95"}}, {"95 bytes", "96 bytes"});
  expect_refused({{"location", "w.bin"}, {"offset", "5"}, {"length", "96"}}, {"'w.bin', which has 100 bytes"});
  expect_refused({{"location", "w.bin"}, {"offset", "-4"}}, {"offset", "'-4'", "a number"});
  expect_refused({{"location", "w.bin"}, {"offset", "18446744073709551615"}, {"length", "96"}}, {"w.bin"});
  expect_refused({{"location", "w.bin"}, {"offset", "99999999999999999999"}}, {"a number"});
  expect_refused({{"location", "w.bin"}, {"length", "1e2"}}, {"length", "'1e2'"});
}

}  // namespace
}  // namespace rondo::test
