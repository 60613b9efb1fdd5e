#include "formats/keras/keras_configuration.h"

#include <gtest/gtest.h>

#include "formats/keras/keras_layer.h"
#include "models/layer_fields.h"
#include "support/expect_error.h"
#include "units/formats/keras_files.h"

namespace rondo::test {
namespace {

constexpr int kNewest = 3;

std::vector<KerasLayer> parse(const std::string& text, int major = kNewest) {
  const KerasOrigin origin{"model.keras", major};
  return parse_keras_configuration(text, origin);
}

/// Throws what is wrong with the text, or with one of its layers.
void parse_without_problem(const std::string& text) {
  const KerasArchitecture architecture = parse_keras_architecture(text, KerasOrigin{"model.keras", kNewest});
  if (!architecture.problem.empty()) throw ValueError(architecture.problem);
  for (const KerasLayer& one : architecture.layers) throw_problem(one);
}

/// The text {"class_name": class_name, "config": {"name": "one", members}}.
std::string layer(const std::string& class_name, const std::string& members) {
  std::string text = R"({"class_name":")";
  text += class_name + R"(","config":{"name":"one")";
  if (!members.empty()) text += "," + members;
  return text + "}}";
}

KerasLayer parse_one(const std::string& class_name, const std::string& members, int major = kNewest) {
  return parse(layer(class_name, members), major).at(0);
}

std::string sequential(const std::string& layers) {
  std::string text = R"({"class_name":"Sequential","config":{"name":"model","layers":[)";
  text += layers;
  return text + "]}}";
}

TEST(KerasConfigurationTest, DefaultsAreThoseOfKeras) {
  const KerasRecurrentConfiguration lstm = *parse_one("LSTM", R"("units":7)").recurrent;
  ASSERT_EQ(lstm.cells.size(), 1U);
  EXPECT_EQ(lstm.cells[0], (CellSpec{.kind = CellKind::lstm, .units = 7}));
  EXPECT_FALSE(lstm.stacked);
  EXPECT_FALSE(lstm.options.return_sequences || lstm.options.return_state || lstm.options.go_backwards ||
               lstm.options.stateful || lstm.options.unroll || lstm.options.time_major ||
               lstm.options.zero_output_for_mask);
  EXPECT_TRUE(parse_one("GRU", R"("units":7)").recurrent->cells[0].reset_after);
  EXPECT_EQ(parse_one("SimpleRNN", R"("units":7)").recurrent->cells[0].kind, CellKind::simple_rnn);
}

TEST(KerasConfigurationTest, KeysThatAreNotThereMeanWhatTheirKerasMeant) {
  struct Row {
    const char* version;
    bool reset_after;
    Activation recurrent_activation;
    int implementation;
  };
  for (const Row& row : {Row{"2.0.8", false, Activation::hard_sigmoid, 1}, Row{"2", false, Activation::hard_sigmoid, 1},
                         Row{"1.2.2", false, Activation::hard_sigmoid, 1},
                         Row{"2.2.5", false, Activation::hard_sigmoid, 1}, Row{"2.3.0", false, Activation::sigmoid, 2},
                         Row{"2.15.0", false, Activation::sigmoid, 2}, Row{"3.0.0", true, Activation::sigmoid, 2}}) {
    SCOPED_TRACE(row.version);
    const KerasOrigin origin = keras_origin(row.version, "model.h5");
    const std::string cell = "\"cell\":" + layer("GRUCell", R"("units":7)");
    for (const std::string& text : {layer("GRU", R"("units":7)"), layer("RNN", cell)}) {
      const KerasRecurrentConfiguration gru = *parse_keras_configuration(text, origin).at(0).recurrent;
      EXPECT_EQ(gru.cells[0].reset_after, row.reset_after);
      EXPECT_EQ(gru.cells[0].recurrent_activation, row.recurrent_activation);
      EXPECT_EQ(gru.dropout[0].implementation, row.implementation);
      EXPECT_TRUE(gru.cells[0].use_bias);
      EXPECT_EQ(gru.cells[0].activation, Activation::tanh);
      EXPECT_FALSE(gru.options.time_major);
    }
    const std::string written =
        layer("GRU", R"("units":7,"reset_after":true,"recurrent_activation":"sigmoid","implementation":2)");
    const KerasRecurrentConfiguration gru = *parse_keras_configuration(written, origin).at(0).recurrent;
    EXPECT_TRUE(gru.cells[0].reset_after);
    EXPECT_EQ(gru.cells[0].recurrent_activation, Activation::sigmoid);
    EXPECT_EQ(gru.dropout[0].implementation, 2);
  }
}

TEST(KerasConfigurationTest, ABidirectionalConcatenatesUnlessItSaysOtherwise) {
  const std::string lstm = "\"layer\":" + layer("LSTM", R"("units":2)");
  EXPECT_EQ(parse_one("Bidirectional", lstm).merge_mode, "concat");
  EXPECT_EQ(parse_one("Bidirectional", "\"merge_mode\":null," + lstm).merge_mode, "none");
}

TEST(KerasConfigurationTest, ReadsEveryOption) {
  const auto options = [](const char* name) {
    return parse_one("GRU", R"("units":1,")" + std::string(name) + "\":true").recurrent->options;
  };
  EXPECT_TRUE(options("return_sequences").return_sequences);
  EXPECT_TRUE(options("return_state").return_state);
  EXPECT_TRUE(options("go_backwards").go_backwards);
  EXPECT_TRUE(options("stateful").stateful);
  EXPECT_TRUE(options("unroll").unroll);
  EXPECT_TRUE(options("time_major").time_major);
  EXPECT_TRUE(options("zero_output_for_mask").zero_output_for_mask);
  const CellSpec cell =
      parse_one("GRU",
                R"("units":2,"activation":"relu","recurrent_activation":null,"use_bias":false,"reset_after":false)")
          .recurrent->cells[0];
  EXPECT_EQ(cell, (CellSpec{.kind = CellKind::gru,
                            .units = 2,
                            .activation = Activation::relu,
                            .recurrent_activation = Activation::linear,
                            .use_bias = false,
                            .reset_after = false}));
}

TEST(KerasConfigurationTest, ReadsDropout) {
  const auto dropout = [](const char* members) {
    return parse_one("LSTM", R"("units":2,)" + std::string(members)).recurrent->dropout.at(0);
  };
  const DropoutOptions given = dropout(R"("dropout":0.25,"recurrent_dropout":0.5,"implementation":1,"seed":7)");
  EXPECT_EQ(given.dropout, 0.25);
  EXPECT_EQ(given.recurrent_dropout, 0.5);
  EXPECT_EQ(given.implementation, 1);
  EXPECT_EQ(given.seed, 7U);
  const DropoutOptions absent = dropout(R"("dropout":0,"seed":null)");
  EXPECT_FALSE(absent.drops());
  EXPECT_EQ(absent.implementation, 2);
  EXPECT_EQ(absent.seed, 0U);
  EXPECT_EQ(dropout(R"("implementation":0)").implementation, 1);
  EXPECT_EQ(dropout(R"("seed":{"class_name":"SeedGenerator"})").seed, 0U);
  expect_words([&] { throw_problem(parse_one("LSTM", R"("units":2,"dropout":"much")")); },
               {"dropout", "much", "a number"});
  const std::string cells =
      "\"cells\":[" + layer("LSTMCell", R"("units":2)") + "," + layer("GRUCell", R"("units":3,"dropout":0.5)") + "]";
  EXPECT_EQ(parse_one("RNN", "\"cell\":" + layer("StackedRNNCells", cells)).recurrent->dropout.at(1).dropout, 0.5);
}

TEST(KerasConfigurationTest, DirectionsDropWithSeedsOfTheirOwn) {
  const std::string lstm = layer("LSTM", R"("units":2,"use_bias":false,"dropout":0.5,"seed":4)");
  KerasLayer both = parse_one("Bidirectional", "\"layer\":" + lstm);
  both.weights.assign(4, Tensor::full({2, 8}, 1.0, DType::f32));
  share_weights(both);
  for (const std::size_t direction : {0U, 1U}) {
    const DropoutOptions made = make_layer(both.wrapped[direction])->known_cells().at(0)->dropout();
    EXPECT_EQ(made.dropout, 0.5);
    EXPECT_EQ(made.seed, 4 + direction);
  }
}

TEST(KerasConfigurationTest, HardSigmoidIsThatOfTheVersion) {
  const std::string members = R"("units":1,"activation":"hard_sigmoid","recurrent_activation":"hard_sigmoid")";
  const CellSpec two = parse_one("LSTM", members, 2).recurrent->cells[0];
  EXPECT_EQ(two.activation, Activation::hard_sigmoid);
  EXPECT_EQ(two.recurrent_activation, Activation::hard_sigmoid);
  const CellSpec three = parse_one("LSTM", members, 3).recurrent->cells[0];
  EXPECT_EQ(three.activation, Activation::hard_sigmoid_keras3);
  EXPECT_EQ(three.recurrent_activation, Activation::hard_sigmoid_keras3);
  EXPECT_EQ(keras_origin("2.15.0", "f").minor, 15);
  EXPECT_EQ(keras_origin("2.2.4-tf", "f").minor, 2);
  EXPECT_EQ(keras_origin("2", "f").minor, 0);
  EXPECT_EQ(keras_origin("10.1", "f").major, 10);
  for (const char* wrong : {"", "x.1", "-3.0", "0.1"}) {
    expect_words([&] { static_cast<void>(keras_origin(wrong, "f")); }, {"f: keras_version", wrong});
  }
}

TEST(KerasConfigurationTest, ModelsHaveLayersInOrderWithoutInputs) {
  const std::string layers = R"({"class_name":"InputLayer","config":{"name":"input"}},)" +
                             layer("Dense", R"("units":2)") +
                             R"(,{"class_name":"LSTM","config":{"name":"b","units":1}})";
  std::string bare = R"({"name":"model","layers":[)";
  bare += layers + "]}";
  std::string old = R"({"class_name":"Sequential","config":[)";
  old += layers + "]}";
  for (const std::string& text : {sequential(layers), bare, old}) {
    const std::vector<KerasLayer> parsed = parse(text);
    ASSERT_EQ(parsed.size(), 2U);
    EXPECT_EQ(parsed[0].name, "one");
    EXPECT_EQ(parsed[0].dense->activation, "linear");
    EXPECT_EQ(parsed[1].name, "b");
    EXPECT_EQ(parsed[1].file, "model.keras");
  }
}

TEST(KerasConfigurationTest, CellsOfARNN) {
  const std::string lstm = layer("LSTMCell", R"("units":2)");
  const std::string gru = layer("GRUCell", R"("units":3,"reset_after":false)");
  const KerasRecurrentConfiguration single = *parse_one("RNN", "\"cell\":" + lstm).recurrent;
  EXPECT_FALSE(single.stacked);
  EXPECT_EQ(single.cells.size(), 1U);
  const std::string cells = "\"cells\":[" + lstm + "," + gru + "]";
  const KerasRecurrentConfiguration stack = *parse_one("RNN", "\"cell\":" + layer("StackedRNNCells", cells)).recurrent;
  EXPECT_TRUE(stack.stacked);
  ASSERT_EQ(stack.cells.size(), 2U);
  EXPECT_EQ(stack.cells[0].kind, CellKind::lstm);
  EXPECT_EQ(stack.cells[1], (CellSpec{.kind = CellKind::gru, .units = 3, .reset_after = false}));
}

TEST(KerasConfigurationTest, BidirectionalSplitsItsWeights) {
  const std::string lstm = layer("LSTM", R"("units":2,"use_bias":false)");
  KerasLayer both = parse_one("Bidirectional", "\"layer\":" + lstm);
  for (const double value : {1.0, 2.0, 3.0, 4.0}) {  // kernels (I, 4 H) and recurrent kernels (H, 4 H), forward first
    both.weights.push_back(Tensor::full({2, 8}, value, DType::f32));
  }
  share_weights(both);
  EXPECT_EQ(both.wrapped[0].weights[1].select(0, 0).select(0, 0).item(), 2.0);
  EXPECT_EQ(both.wrapped[1].weights[0].select(0, 0).select(0, 0).item(), 3.0);
  EXPECT_EQ(make_layer(both.wrapped[1])->options().go_backwards, true);
  settle_weights(both);
  EXPECT_EQ(both.problem, "");
  both.weights.pop_back();
  settle_weights(both);
  expect_words([&] { throw_problem(both); }, {"weights", "got 3", "4 for its Bidirectional"});
}

TEST(KerasConfigurationTest, BidirectionalForcesOptions) {
  const std::string lstm = layer("LSTM", R"("units":2,"return_sequences":true)");
  const KerasLayer implied = parse_one("Bidirectional", "\"merge_mode\":\"ave\",\"layer\":" + lstm);
  ASSERT_EQ(implied.wrapped.size(), 2U);
  EXPECT_EQ(implied.merge_mode, "ave");
  EXPECT_EQ(implied.wrapped[0].name, "forward_one");
  EXPECT_EQ(implied.wrapped[1].name, "backward_one");
  EXPECT_FALSE(implied.wrapped[0].recurrent->options.go_backwards);
  EXPECT_TRUE(implied.wrapped[1].recurrent->options.go_backwards);
  EXPECT_TRUE(implied.wrapped[0].recurrent->options.zero_output_for_mask);
  EXPECT_TRUE(implied.wrapped[1].recurrent->options.zero_output_for_mask);
  const std::string gru = layer("GRU", R"("units":5,"return_sequences":true,"go_backwards":true)");
  const KerasLayer given =
      parse_one("Bidirectional", "\"merge_mode\":null,\"layer\":" + lstm + ",\"backward_layer\":" + gru);
  EXPECT_EQ(given.merge_mode, "none");
  EXPECT_EQ(given.wrapped.at(1).recurrent->cells[0].units, 5);
}

TEST(KerasConfigurationTest, ClassesOfOthersAreNotKerass) {
  const auto class_of = [](const std::string& entry) { return parse(sequential(entry)).at(0); };
  const std::string config = R"(,"class_name":"LSTM","config":{"name":"one","units":1}})";
  EXPECT_TRUE(class_of(R"({"module":"keras.layers","registered_name":null)" + config).recurrent);
  EXPECT_TRUE(class_of(R"({"module":"tf_keras.src.layers")" + config).recurrent);
  const KerasLayer other = class_of(R"({"module":"kerasish")" + config);
  EXPECT_EQ(other.class_name, "kerasish>LSTM");
  EXPECT_FALSE(other.recurrent);
  EXPECT_EQ(class_of(R"({"module":null,"registered_name":"mine>LSTM")" + config).class_name, "mine>LSTM");
  EXPECT_FALSE(parse_one("Conv1D", R"("units":"many")").recurrent);
  EXPECT_FALSE(is_recurrent(parse_one("Bidirectional", "\"layer\":" + layer("Conv1D", ""))));
  EXPECT_EQ(class_of(R"({"module":null,"registered_name":"LSTM")" + config).class_name, "Custom>LSTM");
}

struct Refused {
  std::string text;
  std::vector<std::string> words;
};

TEST(KerasConfigurationTest, RefusesWhatItDoesNotKnow) {
  const std::string one = "model.keras: layer 'one': ";
  const std::string lstm = layer("LSTM", R"("units":1)");
  const std::string cell = layer("LSTMCell", R"("units":1)");
  const std::vector<Refused> table{
      {layer("LSTM", R"("units":"four")"), {one + "units", "got \"four\"", "a whole number from 1 to 2^31 - 1"}},
      {layer("LSTM", R"("units":4.5)"), {one + "units", "4.5"}},
      {layer("LSTM", R"("units":0)"), {one + "units", "got 0"}},
      {layer("LSTM", R"("units":-4)"), {one + "units", "-4"}},
      {layer("LSTM", R"("units":2147483648)"), {one + "units", "2147483648"}},
      {layer("LSTM", ""), {one + "units", "nothing"}},
      {layer("LSTM", R"("units":1,"activation":"softmax")"),
       {one + "activation", "\"softmax\"", "linear, tanh, sigmoid", "softmax is a function of a whole row"}},
      {layer("LSTM", R"("units":1,"activation":"hard_sigmoid_keras3")"), {one + "activation"}},
      {layer("LSTM", R"("units":1,"activation":{"class_name":"f"})"), {one + "activation", "class_name"}},
      {layer("GRU", R"("units":1,"recurrent_activation":"hard_sigmoid_keras3")"),
       {one + "recurrent_activation", "_keras3\""}},
      {layer("GRU", R"("units":1,"reset_after":1)"), {one + "reset_after", "got 1", "true or false"}},
      {layer("GRU", R"("units":1,"use_bias":null)"), {one + "use_bias", "null"}},
      {layer("GRU", R"("units":1,"unroll":"yes")"), {one + "unroll", "\"yes\""}},
      {layer("Dense", R"("units":[1])"), {one + "units", "[1]"}},
      {layer("Dense", R"("units":1,"activation":7)"), {one + "activation", "7", "a name or an object"}},
      {layer("RNN", ""), {one + "cell", "nothing", "an object"}},
      {layer("RNN", "\"cell\":" + layer("MyCell", "")), {one + "cell class", "'MyCell'", "LSTMCell"}},
      {layer("RNN", "\"cell\":" + layer("StackedRNNCells", "\"cells\":[" + cell + "," + layer("MyCell", "") + "]")),
       {one + "cell class", "'MyCell'", "a factory for the cell of an RNN of one cell"}},
      {layer("RNN", "\"cell\":" + layer("MGUCell", R"("units":1)")), {one + "cell class", "'MGUCell'", "GRUCell"}},
      {layer("RNN", "\"cell\":" + layer("StackedRNNCells", R"("cells":[])")), {one + "cells", "none"}},
      {layer("RNN", "\"cell\":" + layer("StackedRNNCells", R"("cells":{})")), {one + "cell: cells", "{}", "a list"}},
      {layer("RNN", "\"cell\":" + layer("StackedRNNCells", R"("reverse_state_order":true,"cells":[)" + cell + "]")),
       {one + "reverse_state_order", "true"}},
      {layer("RNN", "\"cell\":" + layer("StackedRNNCells", "\"cells\":[" + layer("StackedRNNCells", "") + "]")),
       {one + "cell class", "'StackedRNNCells'"}},
      {layer("Bidirectional", ""), {one + "layer", "nothing"}},
      {layer("Bidirectional", "\"merge_mode\":\"max\",\"layer\":" + lstm), {one + "merge_mode", "'max'", "concat"}},
      {layer("Bidirectional", "\"layer\":" + lstm + ",\"backward_layer\":" + lstm), {one + "go_backwards", "the same"}},
      {layer("Bidirectional", "\"layer\":" + lstm + ",\"backward_layer\":" +
                                  layer("LSTM", R"("units":1,"go_backwards":true,"return_state":true)")),
       {one.substr(0, one.size() - 2), "differ in return_sequences"}},
      {sequential(lstm + "," + lstm), {"configuration", "two layers 'one'"}},
      {sequential("1"), {"model.keras: layer", "got 1", "a JSON object"}},
      {sequential(R"({"config":{"name":"a"}})"), {"class_name", "nothing"}},
      {sequential(R"({"class_name":"LSTM"})"), {"config", "nothing"}},
      {sequential(R"({"class_name":"LSTM","config":{"name":3}})"), {"class LSTM: name", "got 3"}},
      {R"({"class_name":"Sequential","config":{"layers":7}})", {"configuration: layers", "got 7", "a list"}},
      {R"({"class_name":"Sequential"})", {"configuration: config", "nothing"}},
      {"[]", {"configuration", "[]", "a JSON object"}},
      {"", {"configuration", "parse error"}},
      {"{\"a\":1,\"a\":2}", {"configuration", "the key \"a\" twice"}},
      {std::string(100'000, '['), {"configuration", "nested deeper", "at most 100"}},
  };
  for (const Refused& refused : table) {
    SCOPED_TRACE(refused.text.substr(0, 200));
    expect_words([&] { parse_without_problem(refused.text); }, refused.words);
  }
}

/// One rule for the fields of formats and of models.
TEST(KerasFields, AKeyThatIsMissingHasTheValueNull) {
  const KerasOrigin origin{"model.keras", kNewest};
  const nlohmann::json object = {{"nothing", nullptr}, {"one", 1}};
  const LayerFields layer_fields(object, "model.keras: layer 'x'", origin);
  const KerasFields& fields = layer_fields;
  EXPECT_TRUE(fields.value("missing").is_null());
  EXPECT_TRUE(layer_fields.value("missing").is_null());
  EXPECT_EQ(&fields.value("one"), &layer_fields.value("one"));
  EXPECT_EQ(layer_fields.real("missing", 2.0), layer_fields.real("nothing", 2.0));
  EXPECT_EQ(parse(layer("Dense", R"("units":1,"activation":null)"))[0].dense->activation, "linear");
  EXPECT_EQ(parse(layer("Dense", R"("units":1)"))[0].dense->activation, "linear");
  expect_words([&] { fields.refuse("missing", "a number"); }, {"layer 'x': missing: got nothing", "a number"});
  expect_words([&] { fields.refuse("nothing", "a number"); }, {"layer 'x': nothing: got null", "a number"});
}

}  // namespace
}  // namespace rondo::test
