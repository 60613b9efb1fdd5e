#include "rondo/formats/pytorch_weights.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <numeric>

#include "rondo/keras/layers.h"
#include "support/compare.h"
#include "support/expect_error.h"
#include "support/random.h"

namespace rondo::test {
namespace {

constexpr std::int64_t kInputs = 3;
constexpr std::int64_t kUnits = 2;
constexpr std::int64_t kSteps = 4;

using Values = std::vector<double>;

/// The state dictionary of a module of one layer with the prefix "net.".
Safetensors module_of(std::int64_t gates, Random& random, const std::string& suffix = "_l0") {
  std::vector<NamedTensor> tensors;
  const auto put = [&](const std::string& name, const Shape& shape) {
    tensors.push_back({"net." + name + suffix, random.tensor(shape, 1.0, DType::f64)});
  };
  put("weight_ih", {gates * kUnits, kInputs});
  put("weight_hh", {gates * kUnits, kUnits});
  put("bias_ih", {gates * kUnits});
  put("bias_hh", {gates * kUnits});
  return {"torch.safetensors", std::move(tensors), {}};
}

/// W v + b of one gate, as the tables of PyTorch's documentation write it.
Values affine(const Safetensors& file, const std::string& kind, std::int64_t gate, const Values& v) {
  const Values matrix = file.tensor("net.weight_" + kind + "_l0").to_vector<double>();
  const Values bias = file.tensor("net.bias_" + kind + "_l0").to_vector<double>();
  Values result;
  for (std::int64_t row = gate * kUnits; row < (gate + 1) * kUnits; ++row) {
    const auto begin = matrix.begin() + row * static_cast<std::ptrdiff_t>(v.size());
    result.push_back(std::inner_product(v.begin(), v.end(), begin, bias[static_cast<std::size_t>(row)]));
  }
  return result;
}

double sigmoid(double x) { return 1.0 / (1.0 + std::exp(-x)); }

struct TorchState {
  Values h = Values(kUnits, 0.0);
  Values c = Values(kUnits, 0.0);
};

TorchState torch_step(CellKind kind, const Safetensors& file, const Values& x, const TorchState& old) {
  TorchState state = old;
  const auto gate = [&](std::int64_t index, std::size_t k) {
    return affine(file, "ih", index, x)[k] + affine(file, "hh", index, old.h)[k];
  };
  for (std::size_t k = 0; k < static_cast<std::size_t>(kUnits); ++k) {
    if (kind == CellKind::simple_rnn) {
      state.h[k] = std::tanh(gate(0, k));
    } else if (kind == CellKind::lstm) {  // i f g o
      state.c[k] = sigmoid(gate(1, k)) * old.c[k] + sigmoid(gate(0, k)) * std::tanh(gate(2, k));
      state.h[k] = sigmoid(gate(3, k)) * std::tanh(state.c[k]);
    } else {  // r z n
      const double r = sigmoid(gate(0, k));
      const double z = sigmoid(gate(1, k));
      const double n = std::tanh(affine(file, "ih", 2, x)[k] + r * affine(file, "hh", 2, old.h)[k]);
      state.h[k] = (1 - z) * n + z * old.h[k];
    }
  }
  return state;
}

/// The last hidden state of one sequence (T, I).
Tensor torch_output(CellKind kind, const Safetensors& file, const Tensor& x) {
  TorchState state;
  for (std::int64_t t = 0; t < kSteps; ++t) state = torch_step(kind, file, x.select(0, t).to_vector<double>(), state);
  return Tensor::from(state.h, {1, kUnits});
}

template <typename Layer>
void expect_same(Layer layer, CellKind kind, const Safetensors& file, Random& random) {
  const Tensor x = random.tensor({kSteps, kInputs}, 1.0, DType::f64);
  EXPECT_TRUE(close(layer(x.insert_axis(0)).output.leaf(), torch_output(kind, file, x), 1e-12));
}

TEST(PytorchWeightsTest, SimpleRNN) {
  Random random(1);
  const Safetensors file = module_of(1, random);
  SimpleRNN layer({.units = kUnits}, pytorch_weights(file, {.kind = CellKind::simple_rnn, .prefix = "net."}));
  expect_same(layer, CellKind::simple_rnn, file, random);
}

TEST(PytorchWeightsTest, LSTM) {
  Random random(2);
  const Safetensors file = module_of(4, random);
  const LSTM layer({.units = kUnits}, pytorch_weights(file, {.kind = CellKind::lstm, .prefix = "net."}));
  expect_same(layer, CellKind::lstm, file, random);
}

TEST(PytorchWeightsTest, GRU) {
  Random random(3);
  const Safetensors file = module_of(3, random);
  const GRU layer({.units = kUnits}, pytorch_weights(file, {.kind = CellKind::gru, .prefix = "net."}));
  expect_same(layer, CellKind::gru, file, random);
}

TEST(PytorchWeightsTest, NamesLayersAndDirections) {
  Random random(4);
  const Safetensors file = module_of(4, random, "_l2_reverse");
  const RecurrentWeights weights =
      pytorch_weights(file, {.kind = CellKind::lstm, .prefix = "net.", .layer = 2, .reverse = true});
  EXPECT_TRUE(identical(weights.kernel, file.tensor("net.weight_ih_l2_reverse").transpose({1, 0})));
  EXPECT_TRUE(weights.kernel.is_contiguous());
  expect_words([&] { static_cast<void>(pytorch_weights(file, {.kind = CellKind::lstm, .prefix = "net."})); },
               {"torch.safetensors", "'net.weight_hh_l0'", "'net.weight_hh_l2_reverse'"});
}

using Shapes = std::map<std::string, Tensor>;

void expect_refused(const Shapes& tensors, CellKind kind, const std::vector<std::string>& words) {
  std::vector<NamedTensor> list;
  for (const auto& [name, tensor] : tensors) list.push_back({name, tensor});
  const Safetensors file("torch.safetensors", std::move(list), {});
  expect_words([&] { static_cast<void>(pytorch_weights(file, {.kind = kind})); }, words);
}

TEST(PytorchWeightsTest, WithoutBiases) {
  const Safetensors file(
      "f", {{"weight_ih_l0", Tensor::zeros({8, 3}, DType::f32)}, {"weight_hh_l0", Tensor::zeros({8, 2}, DType::f32)}},
      {});
  EXPECT_FALSE(pytorch_weights(file, {}).bias.has_value());
}

TEST(PytorchWeightsTest, RefusesWhatDoesNotFit) {
  const Shapes good{{"weight_ih_l0", Tensor::zeros({8, 3}, DType::f32)},
                    {"weight_hh_l0", Tensor::zeros({8, 2}, DType::f32)},
                    {"bias_ih_l0", Tensor::zeros({8}, DType::f32)},
                    {"bias_hh_l0", Tensor::zeros({8}, DType::f32)}};
  const auto changed = [&](const std::string& name, const Tensor& tensor) {
    Shapes shapes = good;
    shapes[name] = tensor;
    return shapes;
  };
  expect_refused(good, CellKind::gru, {"torch.safetensors", "'weight_hh_l0'", "f32(8, 2)", "3 H, H"});
  expect_refused(changed("weight_hh_l0", Tensor::zeros({8, 2}, DType::i32)), CellKind::lstm, {"'weight_hh_l0'", "i32"});
  expect_refused(changed("weight_hh_l0", Tensor::zeros({8}, DType::f32)), CellKind::lstm,
                 {"'weight_hh_l0'", "f32(8,)"});
  expect_refused(changed("weight_hh_l0", Tensor::zeros({0, 0}, DType::f32)), CellKind::lstm, {"'weight_hh_l0'"});
  expect_refused(changed("weight_ih_l0", Tensor::zeros({4, 3}, DType::f32)), CellKind::lstm,
                 {"'weight_ih_l0'", "8 rows"});
  expect_refused(changed("weight_ih_l0", Tensor::zeros({8, 3}, DType::f64)), CellKind::lstm, {"'weight_ih_l0'", "f64"});
  expect_refused(changed("bias_ih_l0", Tensor::zeros({4}, DType::f32)), CellKind::lstm, {"'bias_ih_l0'", "(8,)"});
  expect_refused(changed("bias_hh_l0", Tensor::zeros({8}, DType::f16)), CellKind::lstm, {"'bias_hh_l0'", "f16"});
  expect_refused(changed("weight_hr_l0", Tensor::zeros({1, 2}, DType::f32)), CellKind::lstm,
                 {"'weight_hr_l0'", "f32(1, 2)", "f32(2, 2)"});
  Shapes one_bias = good;
  one_bias.erase("bias_hh_l0");
  expect_refused(one_bias, CellKind::lstm, {"'bias_hh_l0'", "nothing", "both biases or neither"});
  Shapes no_input = good;
  no_input.erase("weight_ih_l0");
  expect_refused(no_input, CellKind::lstm, {"'weight_ih_l0'", "one of"});
}

constexpr std::int64_t kProjected = 1;

/// The parameters of one direction with a projection, with `inputs` features.
void put_projected(std::vector<NamedTensor>& tensors, const std::string& suffix, std::int64_t inputs, Random& random) {
  const auto put = [&](const std::string& name, const Shape& shape) {
    tensors.push_back({name + suffix, random.tensor(shape, 1.0, DType::f64)});
  };
  put("weight_ih", {4 * kUnits, inputs});
  put("weight_hh", {4 * kUnits, kProjected});
  put("weight_hr", {kProjected, kUnits});
}

TEST(PytorchModuleTest, Projections) {
  Random random(5);
  std::vector<NamedTensor> tensors;
  put_projected(tensors, "_l0", kInputs, random);
  const Safetensors file("f", tensors, {});
  const RecurrentWeights weights = pytorch_weights(file, {.kind = CellKind::lstm});
  EXPECT_EQ(weights.recurrent_kernel.shape(), (Shape{kProjected, 4 * kUnits}));
  EXPECT_TRUE(identical(*weights.projection, file.tensor("weight_hr_l0").transpose({1, 0})));
  const Safetensors plain = module_of(4, random);
  EXPECT_FALSE(pytorch_weights(plain, {.kind = CellKind::lstm, .prefix = "net."}).projection.has_value());
}

TEST(PytorchModuleTest, LayersInBothDirections) {
  Random random(6);
  std::vector<NamedTensor> tensors;
  for (const char* suffix : {"_l0", "_l0_reverse"}) put_projected(tensors, suffix, kInputs, random);
  for (const char* suffix : {"_l1", "_l1_reverse"}) put_projected(tensors, suffix, 2 * kProjected, random);
  const Safetensors file("f", tensors, {});
  const std::vector<PytorchModuleLayer> layers = pytorch_module(file, CellKind::lstm);
  ASSERT_EQ(layers.size(), 2u);
  const Tensor expected = file.tensor("weight_ih_l1_reverse").transpose({1, 0});
  EXPECT_TRUE(identical(layers[1].backward.value().kernel, expected));
  EXPECT_EQ(pytorch_module(module_of(3, random), CellKind::gru, "net.").size(), 1u);
}

void expect_module_refused(std::vector<NamedTensor> tensors, CellKind kind, const std::vector<std::string>& words) {
  const Safetensors file("torch.safetensors", std::move(tensors), {});
  expect_words([&] { static_cast<void>(pytorch_module(file, kind)); }, words);
}

TEST(PytorchModuleTest, RefusesWhatDoesNotFit) {
  Random random(7);
  expect_module_refused({}, CellKind::lstm, {"torch.safetensors", "'weight_hh_l0'"});
  std::vector<NamedTensor> tensors;
  put_projected(tensors, "_l0", kInputs, random);
  put_projected(tensors, "_l1", kUnits, random);
  expect_module_refused(tensors, CellKind::lstm, {"layer 1", "2 inputs", "1, the outputs of the layer below"});
  put_projected(tensors, "_l0_reverse", kInputs, random);
  expect_module_refused(tensors, CellKind::lstm, {"'weight_hh_l1_reverse'"});
  put_projected(tensors, "_l1_reverse", kInputs, random);
  expect_module_refused(tensors, CellKind::lstm, {"layer 1, reverse", "3 inputs", "2, the outputs"});
  expect_module_refused(tensors, CellKind::simple_rnn, {"'weight_hr_l0'", "simple_rnn", "LSTM"});
  tensors.resize(3);
  tensors[2].tensor = Tensor::zeros({kUnits, kProjected}, DType::f64);
  expect_module_refused(tensors, CellKind::lstm, {"'weight_hr_l0'", "f64(2, 1)", "f64(1, 2)"});
}

TEST(PytorchModuleTest, HasNoGruThatResetsBefore) {
  const RecurrentWeights weights{.kernel = Tensor::zeros({1, 3}, DType::f32),
                                 .recurrent_kernel = Tensor::zeros({1, 3}, DType::f32),
                                 .bias = Tensor::zeros({3}, DType::f32)};
  expect_words([&] { static_cast<void>(pytorch_parameters(weights, {.kind = CellKind::gru})); },
               {"bias", "f32(3,)", "PyTorch"});
}

}  // namespace
}  // namespace rondo::test
