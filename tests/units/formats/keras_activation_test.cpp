/// Activations in files of Keras: names, functions and layers.
#include <gtest/gtest.h>

#include "formats/keras/keras_activation.h"
#include "rondo/formats/keras_model.h"
#include "rondo/formats/safetensors.h"
#include "rondo/ops/ops.h"
#include "support/compare.h"
#include "units/formats/keras_files.h"

namespace rondo::test {
namespace {

using nlohmann::json;

TEST(KerasActivationTest, RunsFilesOfEachName) {
  for (const std::string name : {"elu", "exponential", "gelu", "hard_silu", "leaky_relu", "mish", "relu6", "selu",
                                 "silu", "softplus", "softsign"}) {
    SCOPED_TRACE(name);
    const KerasModel model = load_keras(keras_fixture("activations/" + name + ".keras"));
    const Safetensors expected = load_safetensors(keras_fixture("activations/expected_" + name + ".safetensors"));
    Tensor y = expected.tensor("x");
    for (const KerasLayer& layer : model.layers) {
      if (layer.recurrent) {
        EXPECT_EQ(layer.recurrent->cells[0].activation, activation_from_name(name));
        y = make_layer(layer)->operator()(y).output.leaf();
      } else if (layer.dense) {
        y = add(dot(y, layer.weights.at(0)), layer.weights.at(1));
      }
    }
    EXPECT_TRUE(close(y, expected.tensor("y"), 1e-5));
  }
}

std::optional<Activation> parsed(const std::string& text, int major) {
  return parse_keras_activation(json::parse(text), "activation", {"a.keras", major}).known;
}

TEST(KerasActivationTest, NamesDependOnTheVersion) {
  EXPECT_EQ(parsed("null", 3), Activation::linear);
  EXPECT_EQ(parsed("\"hard_sigmoid\"", 2), Activation::hard_sigmoid);
  EXPECT_EQ(parsed("\"hard_sigmoid\"", 3), Activation::hard_sigmoid_keras3);
  EXPECT_EQ(parsed("\"swish\"", 2), Activation::silu);
  EXPECT_EQ(parsed("\"LeakyReLU\"", 2), Activation(Activation::leaky_relu, 0.3)) << "a class is a name in Keras 2";
  EXPECT_EQ(parsed("\"LeakyReLU\"", 3), std::nullopt);
  for (const char* name : {"\"softmax\"", "\"affine\"", "\"elu(0.5)\"", "\"gelu_tanh\"", "\"\""}) {
    EXPECT_EQ(parsed(name, 3), std::nullopt) << name;
  }
}

TEST(KerasActivationTest, LayersHaveParameters) {
  EXPECT_EQ(parsed(R"({"class_name":"LeakyReLU","config":{"negative_slope":0.25}})", 3),
            Activation(Activation::leaky_relu, 0.25));
  EXPECT_EQ(parsed(R"({"class_name":"LeakyReLU","config":{"alpha":0.125}})", 2),
            Activation(Activation::leaky_relu, 0.125));
  EXPECT_EQ(parsed(R"({"class_name":"LeakyReLU","config":{}})", 3), Activation(Activation::leaky_relu, 0.3));
  EXPECT_EQ(parsed(R"({"class_name":"ELU","config":{"alpha":0.5}})", 3), Activation(Activation::elu, 0.5));
  EXPECT_EQ(parsed(R"({"class_name":"ReLU","config":{"max_value":null,"negative_slope":0.0,"threshold":0.0}})", 3),
            Activation::relu);
  EXPECT_EQ(parsed(R"({"class_name":"ReLU","config":{"max_value":6,"negative_slope":0.5,"threshold":1.0}})", 3),
            Activation(Activation::general_relu, 0.5, 6, 1));
  EXPECT_EQ(parsed(R"({"class_name":"ThresholdedReLU","config":{"theta":0.5}})", 2),
            parsed(R"({"class_name":"ReLU","config":{"threshold":0.5}})", 3));
  EXPECT_EQ(parsed(R"({"class_name":"Activation","config":{"activation":"gelu"}})", 3), Activation::gelu);
  EXPECT_EQ(parsed(R"({"class_name":"function","config":"mish"})", 3), Activation::mish);
  EXPECT_EQ(parsed(R"({"class_name":"PReLU","config":{}})", 3), std::nullopt);
  EXPECT_THROW(static_cast<void>(parsed(R"({"class_name":"ELU","config":{"alpha":"a"}})", 3)), ValueError);
  EXPECT_THROW(static_cast<void>(parsed(R"({"class_name":"ELU","config":{"alpha":1e999}})", 3)), std::exception);
}

}  // namespace
}  // namespace rondo::test
