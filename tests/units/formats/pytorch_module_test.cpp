// PyTorchModule, and modules that keep something else in place of a parameter.
#include "rondo/formats/pytorch_module.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "support/compare.h"
#include "support/expect_error.h"
#include "support/random.h"

namespace rondo::test {
namespace {

const std::filesystem::path kData = std::filesystem::path(RONDO_TEST_DATA) / "pytorch";

using Tensors = std::vector<NamedTensor>;

/// An LSTM of 2 units for 3 inputs, by the names that end with `suffix`.
Tensors lstm_tensors(const std::string& suffix = "_l0", std::int64_t inputs = 3) {
  Random random(7);
  return {{"weight_ih" + suffix, random.tensor({8, inputs}, 1.0, DType::f32)},
          {"weight_hh" + suffix, random.tensor({8, 2}, 1.0, DType::f32)},
          {"bias_ih" + suffix, random.tensor({8}, 1.0, DType::f32)},
          {"bias_hh" + suffix, random.tensor({8}, 1.0, DType::f32)}};
}

Safetensors file_of(Tensors tensors) { return {"torch.safetensors", std::move(tensors), {}}; }

Tensors joined(Tensors tensors, const Tensors& more) {
  tensors.insert(tensors.end(), more.begin(), more.end());
  return tensors;
}

/// The tensors, without weight_hh_l0.
Tensors without_recurrent() {
  Tensors tensors = lstm_tensors();
  tensors.erase(tensors.begin() + 1);
  return tensors;
}

void expect_refused(const Tensors& tensors, const std::vector<std::string>& words) {
  const Safetensors file = file_of(tensors);
  expect_words([&] { PyTorchModule module(file); }, words);
}

TEST(PyTorchModuleTest, CellsOfPyTorch) {
  for (const std::string name : {"lstmcell", "grucell", "rnncell"}) {
    SCOPED_TRACE(name);
    const PyTorchModule cell(load_safetensors(kData / (name + ".safetensors")), {.prefix = "decoder.cell."});
    const Safetensors expected = load_safetensors(kData / ("expected_" + name + ".safetensors"));
    EXPECT_TRUE(close(cell(expected.tensor("x")).output, expected.tensor("o"), 1e-6));
  }
}

TEST(PyTorchModuleTest, TensorsOfOtherDtypesConcernNobodyElse) {
  for (const std::string name : {"other_f8", "other_u8_i16"}) {
    SCOPED_TRACE(name);
    const PyTorchModule lstm(load_safetensors(kData / (name + ".safetensors")), {.prefix = "lstm."});
    const Safetensors expected = load_safetensors(kData / ("expected_" + name + ".safetensors"));
    EXPECT_TRUE(close(lstm(expected.tensor("x")).output, expected.tensor("o"), 1e-6));
  }
}

TEST(PyTorchModuleTest, AWeightThatRondoCannotHoldIsNoMissingOne) {
  Tensors tensors = lstm_tensors();
  tensors.pop_back();
  const Safetensors file("f", tensors, {}, {{"bias_hh_l0", "F8_E4M3(8,)", "another dtype"}});
  expect_words([&] { PyTorchModule module(file); }, {"'bias_hh_l0'", "F8_E4M3(8,)", "another dtype"});
}

TEST(PyTorchModuleTest, BatchFirstAndOneSequenceAreTheSameNumbers) {
  const Safetensors file = file_of(joined(lstm_tensors(), lstm_tensors("_l1", 2)));
  const PyTorchModule module(file);
  const PyTorchModule batch_first(file, {.batch_first = true});
  Random random(8);
  const Tensor x = random.tensor({5, 3, 3}, 1.0, DType::f32);
  const PyTorchCall states{.h_0 = random.tensor({2, 3, 2}, 1.0, DType::f32),
                           .c_0 = random.tensor({2, 3, 2}, 1.0, DType::f32)};
  const PyTorchOutputs expected = module(x, states);
  const PyTorchOutputs swapped = batch_first(x.swap_axes(0, 1), states);
  EXPECT_TRUE(identical(swapped.output, expected.output.swap_axes(0, 1)));
  EXPECT_TRUE(identical(*swapped.c_n, *expected.c_n));
  EXPECT_TRUE(swapped.output.is_contiguous());
  for (const PyTorchModule* one : {&module, &batch_first}) {
    const PyTorchOutputs row =
        (*one)(x.select(1, 1), {.h_0 = states.h_0->select(1, 1), .c_0 = states.c_0->select(1, 1)});
    EXPECT_TRUE(close(row.output, expected.output.select(1, 1), 1e-6));
    EXPECT_TRUE(close(row.h_n, expected.h_n.select(1, 1), 1e-6));
    EXPECT_EQ(row.c_n->shape(), (Shape{2, 2}));
  }
}

TEST(PyTorchModuleTest, ALengthEndsARow) {
  const PyTorchModule module(file_of(lstm_tensors()));
  Random random(9);
  const Tensor x = random.tensor({5, 2, 3}, 1.0, DType::f32);
  const PyTorchOutputs outputs = module(x, {.lengths = Tensor::from<std::int32_t>({5, 2}, {2})});
  const PyTorchOutputs two = module(x.slice(0, 0, 2));
  EXPECT_TRUE(identical(outputs.h_n.select(1, 1), two.h_n.select(1, 1)));
  EXPECT_EQ(outputs.output.select(1, 1).select(0, 2).to_vector<float>(), (std::vector<float>{0, 0}));
}

TEST(PyTorchModuleTest, RefusesArgumentsThatDoNotFit) {
  const PyTorchModule module(file_of(lstm_tensors()), {.batch_first = true});
  const Tensor x = Tensor::zeros({2, 5, 3}, DType::f32);
  const auto expect = [&](const Tensor& input, const PyTorchCall& call, const std::vector<std::string>& words) {
    expect_words([&] { static_cast<void>(module(input, call)); }, words);
  };
  expect({}, {}, {"x", "nothing", "(B, T, 3)"});
  expect(Tensor::zeros({3}, DType::f32), {}, {"x", "f32(3,)", "(B, T, 3) or (T, 3)"});
  expect(Tensor::zeros({2, 5, 4}, DType::f32), {}, {"x", "f32(2, 5, 4)", "f32(2, 5, 3)"});
  expect(Tensor::zeros({2, 5, 3}, DType::f64), {}, {"x", "f64", "f32"});
  expect(x, {.h_0 = Tensor::zeros({2, 2}, DType::f32)}, {"h_0", "f32(1, 2, 2)"});
  expect(x, {.c_0 = Tensor::zeros({1, 1, 2}, DType::f32)}, {"c_0", "f32(1, 2, 2)"});
  expect(x.select(0, 0), {.h_0 = Tensor::zeros({1, 1, 2}, DType::f32)}, {"h_0", "one sequence"});
  expect(x, {.lengths = Tensor::from<std::int32_t>({5, 6}, {2})}, {"lengths", "got 6", "T = 5"});
  const PyTorchModule gru(load_safetensors(kData / "grucell.safetensors"), {.prefix = "decoder.cell."});
  expect_words(
      [&] {
        static_cast<void>(gru(x.swap_axes(0, 1), {.c_0 = Tensor::zeros({1, 2, 4}, DType::f32)}));
      },
      {"c_0", "no LSTM"});
}

TEST(PyTorchModuleTest, WeightsOfNoLayerAreNotPassedOver) {
  expect_refused(joined(lstm_tensors(), lstm_tensors("_l2", 2)), {"_l2'", "a module of 1 layer"});
  expect_refused(joined(joined(lstm_tensors(), lstm_tensors("_l1", 2)), lstm_tensors("_l1_reverse", 2)),
                 {"_l1_reverse'", "in one direction"});
  Tensors bias_alone = lstm_tensors();
  bias_alone.push_back({"bias_ih_l1", Tensor::zeros({8}, DType::f32)});
  expect_refused(bias_alone, {"'bias_ih_l1'", "1 layer"});
  Tensors other_names = lstm_tensors();
  other_names.push_back({"weight_ih_lambda", Tensor::zeros({8}, DType::f32)});
  EXPECT_EQ(PyTorchModule(file_of(other_names)).network().weights.size(), 1U);
}

TEST(PyTorchModuleTest, ParametrizationsThatRondoDoesNotKnow) {
  const Tensor matrix = Tensor::full({8, 2}, 0.5, DType::f32);
  const auto with = [&](const std::vector<std::string>& ends) {
    Tensors tensors = without_recurrent();
    for (const std::string& end : ends) tensors.push_back({"parametrizations.weight_hh_l0." + end, matrix});
    return tensors;
  };
  expect_refused(with({"original", "0.base"}), {"'weight_hh_l0'", "0.base, original", "remove_parametrizations"});
  expect_refused(with({"original0", "original1", "1.scale"}), {"1.scale, original0, original1"});
  expect_refused(with({"original0", "original1"}), {"'weight_hh_l0'", "norms", "(8, 1), (1, 2) or ()"});
  Tensors twice = lstm_tensors();
  twice.push_back({"weight_hh_l0_g", Tensor::full({8, 1}, 1.0, DType::f32)});
  twice.push_back({"weight_hh_l0_v", matrix});
  expect_refused(twice, {"'weight_hh_l0'", "two tensors for it", "expected one"});
}

TEST(PyTorchModuleTest, TheNormOfAWholeMatrixIsAScalar) {
  Tensors tensors = without_recurrent();
  tensors.push_back({"weight_hh_l0_g", Tensor::full({}, 6.0, DType::f32)});
  tensors.push_back({"weight_hh_l0_v", Tensor::full({8, 2}, 3.0, DType::f32)});  // the norm is 12
  const RecurrentWeights weights = pytorch_weights(file_of(tensors), {});
  EXPECT_TRUE(identical(weights.recurrent_kernel, Tensor::full({2, 8}, 1.5, DType::f32)));
}

TEST(PyTorchModuleTest, RawWeightsOfDroppingComeBeforeDroppedOnes) {
  Tensors tensors;
  for (const NamedTensor& named : lstm_tensors()) tensors.push_back({"rnns.0.module." + named.name, named.tensor});
  const Tensor raw = Tensor::full({8, 2}, 0.25, DType::f32);
  tensors.push_back({"rnns.0.weight_hh_l0_raw", raw});
  const RecurrentWeights weights = pytorch_weights(file_of(tensors), {.prefix = "rnns.0."});
  EXPECT_TRUE(identical(weights.recurrent_kernel, raw.transpose({1, 0})));
}

TEST(PyTorchModuleTest, FindsModulesAndTheirKinds) {
  Tensors tensors;
  const auto put = [&](const std::string& prefix, const Shape& shape, const std::string& end) {
    tensors.push_back({prefix + "weight_hh" + end, Tensor::zeros(shape, DType::f32)});
  };
  put("a.", {8, 2}, "_l0");
  put("a.", {8, 2}, "_l0_reverse");
  put("b.cell.", {6, 2}, "");
  put("c.parametrizations.", {2, 2}, "_l0.original1");
  put("d.my", {2, 2}, "_l0");
  put("e.", {5, 2}, "_l0");
  const Safetensors file = file_of(tensors);
  EXPECT_EQ(pytorch_prefixes(file), (std::vector<std::string>{"a.", "b.cell.", "c.", "e."}));
  EXPECT_EQ(pytorch_kind(file, "a."), CellKind::lstm);
  EXPECT_EQ(pytorch_kind(file, "b.cell."), CellKind::gru);
  expect_words([&] { static_cast<void>(pytorch_kind(file, "e.")); }, {"'e.weight_hh_l0'", "f32(5, 2)", "(3 H, H)"});
}

TEST(PyTorchModuleTest, CellsAreWrittenByTheirNames) {
  const Safetensors file = load_safetensors(kData / "lstmcell.safetensors");
  const PytorchLayer place{.kind = CellKind::lstm, .prefix = "decoder.cell.", .cell = true};
  const RecurrentWeights weights = pytorch_weights(file, place);
  for (const NamedTensor& named : pytorch_parameters(weights, place)) {
    if (named.name.find("bias") == std::string::npos) {
      EXPECT_TRUE(identical(named.tensor, file.tensor(named.name))) << named.name;
    }
  }
}

}  // namespace
}  // namespace rondo::test
