// Every origin of weights: a conversion from Rondo's layout to the origin's and back gives equal bits.
#include <gtest/gtest.h>

#include <functional>

#include "rondo/formats/cudnn_weights.h"
#include "rondo/formats/onnx_model.h"
#include "rondo/formats/pytorch_weights.h"
#include "rondo/formats/tf1_weights.h"
#include "rondo/ops/ops.h"
#include "support/compare.h"
#include "support/expect_error.h"
#include "support/random.h"

namespace rondo::test {
namespace {

constexpr std::int64_t I = 3;
constexpr std::int64_t H = 5;
constexpr std::int64_t P = 2;

struct Sample {
  CellSpec cell;
  RecurrentWeights weights;
};

struct Origin {
  std::string name;
  bool has_reset_before = false;
  bool has_reset_after = false;
  bool has_projection = false;
  bool has_peepholes = false;
  bool needs_bias = false;
  std::function<Sample(const Sample&)> there_and_back = {};
};

Sample through_pytorch(const Sample& sample) {
  const PytorchLayer layer{.kind = sample.cell.kind, .prefix = "net.", .layer = 1, .reverse = true};
  const Safetensors file("f", pytorch_parameters(sample.weights, layer), {});
  return {sample.cell, pytorch_weights(file, layer)};
}

Sample through_cudnn(const Sample& sample) {
  const CellKind kind = sample.cell.kind;
  return {sample.cell, cudnn_weights(cudnn_parameters(sample.weights, kind), kind)};
}

Sample through_onnx(const Sample& sample) {
  const OnnxOperator op{.kind = sample.cell.kind, .linear_before_reset = sample.cell.reset_after};
  const OnnxCell cell = onnx_cells(op, onnx_weights({{.cell = sample.cell, .weights = sample.weights}})).at(0);
  return {cell.cell, cell.weights};
}

/// The sample converted to ONNX and back as the second of two directions.
Sample through_bidirectional_onnx(const Sample& sample) {
  const OnnxOperator op{.kind = sample.cell.kind,
                        .direction = OnnxDirection::bidirectional,
                        .linear_before_reset = sample.cell.reset_after};
  OnnxCell cell{.cell = sample.cell, .weights = sample.weights};
  OnnxCell other = cell;
  other.weights.kernel = mul(cell.weights.kernel, 2.0);
  other.weights.recurrent_kernel = mul(cell.weights.recurrent_kernel, 2.0);
  cell = onnx_cells(op, onnx_weights({other, cell})).at(1);
  return {cell.cell, cell.weights};
}

Sample through_tf1(const Sample& sample, double forget_bias) {
  const Tf1Cell cell{.kind = sample.cell.kind, .prefix = "rnn/cell/", .forget_bias = forget_bias};
  const NumpyArchive file("f", tf1_variables(sample.weights, cell));
  return {sample.cell, tf1_weights(file, cell)};
}

const std::vector<Origin>& origins() {
  static const std::vector<Origin> all{
      {.name = "pytorch", .has_reset_after = true, .has_projection = true, .there_and_back = through_pytorch},
      {.name = "cudnn", .has_reset_after = true, .has_projection = true, .there_and_back = through_cudnn},
      {.name = "onnx",
       .has_reset_before = true,
       .has_reset_after = true,
       .has_peepholes = true,
       .there_and_back = through_onnx},
      {.name = "onnx, bidirectional",
       .has_reset_before = true,
       .has_reset_after = true,
       .has_peepholes = true,
       .there_and_back = through_bidirectional_onnx},
      {.name = "tf1",
       .has_reset_before = true,
       .has_projection = true,
       .has_peepholes = true,
       .needs_bias = true,
       .there_and_back = [](const Sample& sample) { return through_tf1(sample, 0.0); }},
      {.name = "tf1, forget bias",
       .has_reset_before = true,
       .has_projection = true,
       .has_peepholes = true,
       .needs_bias = true,
       .there_and_back = [](const Sample& sample) { return through_tf1(sample, 1.0); }}};
  return all;
}

/// A tensor of multiples of 1/64, so that sums with a bias are exact, also in 16 bits.
Tensor draw(Random& random, const Shape& shape, DType dtype) {
  const Tensor tensor = Tensor::empty(shape, DType::f32);
  for (std::int64_t k = 0; k < tensor.numel(); ++k) {
    tensor.data<float>()[k] = static_cast<float>(random.integer(-64, 64)) / 64.0F;
  }
  return tensor.to(dtype);
}

Sample draw_sample(Random& random, const CellSpec& cell, DType dtype, bool projected, bool peepholes) {
  const std::int64_t columns = gate_count(cell.kind) * H;
  Sample sample{.cell = cell,
                .weights = {.kernel = draw(random, {I, columns}, dtype),
                            .recurrent_kernel = draw(random, {projected ? P : H, columns}, dtype)}};
  sample.cell.use_peepholes = peepholes;
  if (projected) sample.cell.projection_units = P;
  const bool two_rows = bias_rows(cell) == 2;
  if (cell.use_bias) sample.weights.bias = draw(random, two_rows ? Shape{2, columns} : Shape{columns}, dtype);
  if (projected) sample.weights.projection = draw(random, {H, P}, dtype);
  if (peepholes) sample.weights.peepholes = draw(random, {3, H}, dtype);
  return sample;
}

void expect_identical(const std::string& name, const std::optional<Tensor>& actual,
                      const std::optional<Tensor>& expected) {
  ASSERT_EQ(actual.has_value(), expected.has_value()) << name;
  if (!actual) return;
  EXPECT_TRUE(identical(*actual, *expected)) << name;
  EXPECT_TRUE(actual->is_contiguous()) << name;
}

void expect_same(const Sample& actual, const Sample& expected) {
  EXPECT_EQ(actual.cell, expected.cell);
  EXPECT_NO_THROW(check_weights(actual.cell, actual.weights));
  expect_identical("kernel", actual.weights.kernel, expected.weights.kernel);
  expect_identical("recurrent_kernel", actual.weights.recurrent_kernel, expected.weights.recurrent_kernel);
  expect_identical("bias", actual.weights.bias, expected.weights.bias);
  expect_identical("projection", actual.weights.projection, expected.weights.projection);
  expect_identical("peepholes", actual.weights.peepholes, expected.weights.peepholes);
}

bool has(const Origin& origin, const CellSpec& cell, bool projected, bool peepholes) {
  const bool gru = cell.kind == CellKind::gru;
  if (gru && !(cell.reset_after ? origin.has_reset_after : origin.has_reset_before)) return false;
  if (!cell.use_bias && origin.needs_bias) return false;
  if (cell.kind != CellKind::lstm) return !projected && !peepholes;
  return (!projected || origin.has_projection) && (!peepholes || origin.has_peepholes);
}

std::vector<CellSpec> cells() {
  std::vector<CellSpec> found;
  for (const bool use_bias : {true, false}) {
    found.push_back({.kind = CellKind::simple_rnn, .units = H, .use_bias = use_bias});
    found.push_back({.kind = CellKind::lstm, .units = H, .use_bias = use_bias});
    found.push_back({.kind = CellKind::gru, .units = H, .use_bias = use_bias, .reset_after = true});
    found.push_back({.kind = CellKind::gru, .units = H, .use_bias = use_bias, .reset_after = false});
  }
  return found;
}

/// Checks the tests' cells that `origin` has. Returns how many cells these are. ONNX calls an RNN node's activation f.
int check(const Origin& origin, Random& random, DType dtype, bool projected, bool peepholes) {
  int count = 0;
  for (const CellSpec& cell : cells()) {
    if (!has(origin, cell, projected, peepholes)) continue;
    ++count;
    SCOPED_TRACE(origin.name + ", " + to_string(cell.kind) + (cell.reset_after ? "" : " reset before") +
                 (cell.use_bias ? ", " : " without bias, ") + to_string(dtype) + (projected ? ", projected" : "") +
                 (peepholes ? ", peepholes" : ""));
    const Sample sample = draw_sample(random, cell, dtype, projected, peepholes);
    expect_same(origin.there_and_back(sample), sample);
  }
  return count;
}

TEST(WeightRoundTripTest, EveryOriginGivesBackTheSameBits) {
  Random random(1);
  for (const Origin& origin : origins()) {
    int count = 0;
    for (const DType dtype : {DType::f32, DType::f64, DType::f16, DType::bf16}) {
      for (const bool projected : {false, true}) {
        for (const bool peepholes : {false, true}) count += check(origin, random, dtype, projected, peepholes);
      }
    }
    EXPECT_GE(count, 24) << origin.name;
  }
}

TEST(WeightRoundTripTest, EveryOriginRefusesACellThatItDoesNotHave) {
  Random random(2);
  const Sample sample = draw_sample(random, {.kind = CellKind::mgu, .units = H}, DType::f32, false, false);
  for (const Origin& origin : origins()) {
    SCOPED_TRACE(origin.name);
    expect_words([&] { static_cast<void>(origin.there_and_back(sample)); },
                 {"kind", "mgu", "has: simple_rnn, lstm, gru"});
  }
  const auto refused = [](const char* owner, const std::function<void()>& read) {
    expect_words(read, {"kind", "mgu", owner});
  };
  refused("PyTorch", [] { static_cast<void>(pytorch_weights(Safetensors("f", {}, {}), {.kind = CellKind::mgu})); });
  refused("cuDNN", [] { static_cast<void>(cudnn_weights({}, CellKind::mgu)); });
  refused("TensorFlow 1", [] { static_cast<void>(tf1_weights(NumpyArchive("f", {}), {.kind = CellKind::mgu})); });
  refused("ONNX",
          [] { static_cast<void>(onnx_cells({.kind = CellKind::mgu}, {.kernel = {}, .recurrent_kernel = {}})); });
}

}  // namespace
}  // namespace rondo::test
