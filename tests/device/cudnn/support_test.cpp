// The recurrences that cuDNN's executors accept, every refusal with its reason, and the layouts of a run.

#include "cuda/cudnn/cudnn_support.h"

#include <gtest/gtest.h>

#include <functional>

#include "support/expect_error.h"

namespace rondo::test {
namespace {

constexpr std::array kAlgorithms{CudnnAlgorithm::standard, CudnnAlgorithm::persist_static,
                                 CudnnAlgorithm::persist_dynamic, CudnnAlgorithm::persist_static_small_h};

RecurrenceSpec plain_spec() { return {.cell = {.units = 8}, .T = 5, .B = 3, .I = 4, .device = cuda(0)}; }

struct Spoiled {
  std::string reason;
  std::function<void(RecurrenceSpec&)> spoil;
};

void expect_refused(const Spoiled& refusal) {
  for (const CudnnAlgorithm algorithm : kAlgorithms) {
    RecurrenceSpec spec = plain_spec();
    refusal.spoil(spec);
    const std::optional<rondo::Refusal> refused = cudnn_refusal(algorithm, spec);
    ASSERT_TRUE(refused.has_value()) << to_string(spec);
    EXPECT_EQ(refused->reason, refusal.reason) << to_string(spec);
  }
}

TEST(CudnnSupport, NamesInTheLibrarysOrder) {
  EXPECT_EQ(cudnn_executor_name(CudnnAlgorithm::standard), "cudnn_standard");
  EXPECT_EQ(cudnn_executor_name(CudnnAlgorithm::persist_static), "cudnn_persist_static");
  EXPECT_EQ(cudnn_executor_name(CudnnAlgorithm::persist_dynamic), "cudnn_persist_dynamic");
  EXPECT_EQ(cudnn_executor_name(CudnnAlgorithm::persist_static_small_h), "cudnn_persist_static_small_h");
}

TEST(CudnnSupport, AcceptsWhatTheLibraryHas) {
  const std::vector<CellSpec> cells{{.kind = CellKind::lstm, .units = 8},
                                    {.kind = CellKind::gru, .units = 8},
                                    {.kind = CellKind::simple_rnn, .units = 8},
                                    {.kind = CellKind::simple_rnn, .units = 8, .activation = Activation::relu},
                                    {.kind = CellKind::lstm, .units = 8, .use_bias = false}};
  for (const CudnnAlgorithm algorithm : kAlgorithms) {
    for (const CellSpec& cell : cells) {
      for (const DType dtype : {DType::f32, DType::f16, DType::bf16}) {
        RecurrenceSpec spec = plain_spec();
        spec.cell = cell;
        spec.dtype = dtype;
        EXPECT_FALSE(cudnn_refusal(algorithm, spec).has_value()) << to_string(spec);
      }
    }
    // With a forward read order both write orders are equal; without lengths no row is dead.
    RecurrenceSpec spec = plain_spec();
    spec.rules.write = WriteOrder::input;
    spec.rules.dead = DeadOutput::incoming_state;
    spec.T = 65535;
    EXPECT_FALSE(cudnn_refusal(algorithm, spec).has_value());
  }
}

TEST(CudnnSupport, RefusesOtherCells) {
  expect_refused({"cuDNN has no mgu", [](auto& spec) { spec.cell.kind = CellKind::mgu; }});
  expect_refused({"cuDNN's activation is tanh, not relu", [](auto& spec) { spec.cell.activation = Activation::relu; }});
  expect_refused({"cuDNN's gates are sigmoids, not hard_sigmoid",
                  [](auto& spec) { spec.cell.recurrent_activation = Activation::hard_sigmoid; }});
  expect_refused({"cuDNN's simple RNN has tanh or relu, not linear", [](auto& spec) {
                    spec.cell.kind = CellKind::simple_rnn;
                    spec.cell.activation = Activation::linear;
                  }});
  expect_refused({"cuDNN's GRU resets after the product with h, not before", [](auto& spec) {
                    spec.cell.kind = CellKind::gru;
                    spec.cell.reset_after = false;
                  }});
}

TEST(CudnnSupport, RefusesOtherSchedules) {
  expect_refused({"cuDNN takes lengths alone, not a mask", [](auto& spec) { spec.has_mask = true; }});
  expect_refused({"cuDNN takes lengths from the host while a run is queued, not from the device's memory",
                  [](auto& spec) { spec.has_lengths = true; }});
  for (const ReadOrder order : {ReadOrder::reversed, ReadOrder::reversed_within_length}) {
    expect_refused(
        {"cuDNN reads forward, or both ways, but not backward alone", [&](auto& spec) { spec.rules.read = order; }});
  }
}

TEST(CudnnSupport, RefusesWhatAnLstmMayHaveBesides) {
  expect_refused({"cuDNN's LSTM has no peepholes", [](auto& spec) { spec.cell.use_peepholes = true; }});
  const std::string neither = "it asks no cell clip and no projection of cuDNN";
  expect_refused({neither, [](auto& spec) { spec.cell.cell_clip = 1.0; }});
  expect_refused({neither, [](auto& spec) { spec.cell.projection_units = 2; }});
}

TEST(CudnnSupport, RefusesSizesAndDevices) {
  expect_refused({"it runs on CUDA devices alone", [](auto& spec) { spec.device = cpu(); }});
  const std::string empty = "cuDNN has no empty sequences: T, B and I are 1 or more";
  expect_refused({empty, [](auto& spec) { spec.T = 0; }});
  expect_refused({empty, [](auto& spec) { spec.B = 0; }});
  expect_refused({empty, [](auto& spec) { spec.I = 0; }});
  expect_refused({"cuDNN's sequences have at most 65535 steps", [](auto& spec) { spec.T = 65536; }});
  expect_refused({"cuDNN counts in 32 bits", [](auto& spec) { spec.I = std::int64_t{1} << 31; }});
  expect_refused({"cuDNN counts in 32 bits", [](auto& spec) { spec.cell.units = std::int64_t{1} << 29; }});
  expect_refused({"cuDNN counts in 32 bits", [](auto& spec) { spec.B = std::int64_t{1} << 28; }});
}

TEST(CudnnSupport, OnlyTwoAlgorithmsHaveDoubles) {
  RecurrenceSpec spec = plain_spec();
  spec.dtype = DType::f64;
  EXPECT_FALSE(cudnn_refusal(CudnnAlgorithm::standard, spec).has_value());
  EXPECT_FALSE(cudnn_refusal(CudnnAlgorithm::persist_dynamic, spec).has_value());
  for (const auto algorithm : {CudnnAlgorithm::persist_static, CudnnAlgorithm::persist_static_small_h}) {
    EXPECT_EQ(cudnn_refusal(algorithm, spec)->reason, "this algorithm of cuDNN's has no f64");
  }
}

TEST(CudnnSupport, KeepsGatesAlone) {
  RecurrenceSpec spec = plain_spec();
  EXPECT_EQ(cudnn_config(CudnnAlgorithm::standard, spec).use, CudnnUse::inference);
  spec.keep = Keep::gates;
  EXPECT_FALSE(cudnn_refusal_to_keep(spec).has_value());
  EXPECT_EQ(cudnn_config(CudnnAlgorithm::standard, spec).use, CudnnUse::training);
  spec.keep = Keep::states;
  EXPECT_EQ(cudnn_refusal_to_keep(spec)->reason, "cuDNN keeps the gates, and has no gradients from states alone");
}

TEST(CudnnSupport, NetworkOfASpec) {
  RecurrenceSpec spec = plain_spec();
  spec.cell = {.kind = CellKind::simple_rnn, .units = 8, .activation = Activation::relu, .use_bias = false};
  spec.dtype = DType::f16;
  spec.math = MatrixMath::tf32;
  spec.device = cuda(2);
  const CudnnConfig config = cudnn_config(CudnnAlgorithm::persist_static, spec);
  EXPECT_EQ(config.algorithm, CudnnAlgorithm::persist_static);
  EXPECT_EQ(config.kind, CellKind::simple_rnn);
  EXPECT_EQ(config.activation, Activation::relu);
  EXPECT_FALSE(config.use_bias);
  EXPECT_EQ(pseudo_layer_count(config), 1);
  EXPECT_EQ((std::array{config.T, config.B, config.I, config.H, config.projection}),
            (std::array<std::int64_t, 5>{5, 3, 4, 8, 0}));
  EXPECT_EQ(config.dtype, DType::f16);
  EXPECT_EQ(config.math, MatrixMath::tf32);
  EXPECT_EQ(config.device, cuda(2));
}

/// Buffers of T = 5, B = 3, I = 4, H = 8, over memory that the checks do not read.
RecurrenceBuffers buffers_with(TimeBatchStrides x, TimeBatchStrides y) {
  static int somewhere = 0;
  RecurrenceBuffers buffers;
  buffers.x = {&somewhere, x};
  buffers.y = {&somewhere, y};
  return buffers;
}

TEST(CudnnLayout, SequencesWithoutGaps) {
  const RecurrenceSpec spec = plain_spec();
  EXPECT_EQ(cudnn_layout(spec, buffers_with({12, 4}, {24, 8})), CudnnLayout::time_major);
  EXPECT_EQ(cudnn_layout(spec, buffers_with({4, 20}, {8, 40})), CudnnLayout::batch_major);
  RecurrenceBuffers no_y = buffers_with({4, 20}, {});
  no_y.y.data = nullptr;
  EXPECT_EQ(cudnn_layout(spec, no_y), CudnnLayout::batch_major);
}

TEST(CudnnLayout, StrideOfAnAxisOfOneMeansNothing) {
  RecurrenceSpec one_row = plain_spec();
  one_row.B = 1;
  EXPECT_EQ(cudnn_layout(one_row, buffers_with({4, 777}, {8, -1})), CudnnLayout::time_major);
  RecurrenceSpec one_step = plain_spec();
  one_step.T = 1;
  EXPECT_EQ(cudnn_layout(one_step, buffers_with({777, 4}, {0, 8})), CudnnLayout::time_major);
}

TEST(CudnnLayout, RefusesGapsAndNamesTheTensor) {
  const RecurrenceSpec spec = plain_spec();
  const auto refused = [&](TimeBatchStrides x, TimeBatchStrides y, const std::string& message) {
    expect_error<ValueError>([&] { (void)cudnn_layout(spec, buffers_with(x, y)); }, message);
  };
  const std::string x_expected = ", expected those of (T, B, I) or (B, T, I) without gaps, as cuDNN has no others";
  refused({15, 5}, {24, 8}, "x: got strides of 15 (T) and 5 (B)" + x_expected);
  refused({12, 5}, {24, 8}, "x: got strides of 12 (T) and 5 (B)" + x_expected);
  refused({5, 20}, {8, 40}, "x: got strides of 5 (T) and 20 (B)" + x_expected);
  refused({-12, 4}, {24, 8}, "x: got strides of -12 (T) and 4 (B)" + x_expected);
  const std::string y_expected = ", expected x's layout without gaps: (T, B, H) for (T, B, I), (B, T, H) for (B, T, I)";
  refused({12, 4}, {8, 40}, "y: got strides of 8 (T) and 40 (B)" + y_expected);
  refused({4, 20}, {24, 8}, "y: got strides of 24 (T) and 8 (B)" + y_expected);
  refused({12, 4}, {27, 9}, "y: got strides of 27 (T) and 9 (B)" + y_expected);
}

TEST(CudnnLayout, RefusesStatesWithGaps) {
  RecurrenceSpec spec = plain_spec();
  int somewhere = 0;
  const BatchBuffer packed{&somewhere, 8};
  const BatchBuffer gaps{&somewhere, 9};
  RecurrenceBuffers buffers;
  buffers.initial_state = {packed, packed};
  buffers.final_state = {packed, packed};
  buffers.last_output = packed;
  check_cudnn_states(spec, buffers);
  const auto refused = [&](BatchBuffer& which, const std::string& name) {
    which = gaps;
    expect_error<ValueError>([&] { check_cudnn_states(spec, buffers); },
                             name + ": got rows 9 elements apart, expected 8, as cuDNN takes states without gaps");
    spec.B = 1;
    check_cudnn_states(spec, buffers);
    spec.B = 3;
    which = {nullptr, 9};
    check_cudnn_states(spec, buffers);
    which = packed;
  };
  refused(buffers.initial_state[0], "initial_state[0]");
  refused(buffers.initial_state[1], "initial_state[1]");
  refused(buffers.final_state[0], "final_state[0]");
  refused(buffers.final_state[1], "final_state[1]");
  refused(buffers.last_output, "last_output");
}

class CudnnGradientLayout : public ::testing::Test {
 protected:
  CudnnGradientLayout() {
    buffers_.run.x = {&somewhere_, {12, 4}};
    buffers_.d_y = {&somewhere_, {24, 8}};
    buffers_.d_x = {&somewhere_, {12, 4}};
    for (auto* states : {&buffers_.d_initial_state, &buffers_.d_final_state}) states->fill({&somewhere_, 8});
    buffers_.d_last_output = {&somewhere_, 8};
  }
  void refused(const std::string& message) {
    expect_error<ValueError>([&] { (void)checked_cudnn_gradients(spec_, buffers_); }, message);
  }

  int somewhere_ = 0;
  const RecurrenceSpec spec_ = plain_spec();
  GradientBuffers buffers_;
};

TEST_F(CudnnGradientLayout, IsThatOfX) {
  EXPECT_EQ(checked_cudnn_gradients(spec_, buffers_), CudnnLayout::time_major);
  buffers_.d_y.strides = {8, 40};
  refused("gradients.y: got strides of 8 (T) and 40 (B), expected x's layout without gaps, as cuDNN has no others");
  buffers_.d_x.strides = {4, 20};
  buffers_.run.x.strides = {4, 20};
  EXPECT_EQ(checked_cudnn_gradients(spec_, buffers_), CudnnLayout::batch_major);
  buffers_.d_x.strides = {12, 4};
  refused("gradients.x: got strides of 12 (T) and 4 (B), expected x's layout without gaps, as cuDNN has no others");
  buffers_.d_x = {};
  buffers_.d_y = {};
  EXPECT_EQ(checked_cudnn_gradients(spec_, buffers_), CudnnLayout::batch_major);
}

TEST_F(CudnnGradientLayout, RefusesStatesWithGaps) {
  const auto with_gaps = [&](BatchBuffer& which, const std::string& name) {
    which.stride = 9;
    refused("gradients." + name + ": got rows 9 elements apart, expected 8, as cuDNN takes states without gaps");
    which = {nullptr, 9};
    (void)checked_cudnn_gradients(spec_, buffers_);
  };
  with_gaps(buffers_.d_initial_state[0], "initial_state[0]");
  with_gaps(buffers_.d_initial_state[1], "initial_state[1]");
  with_gaps(buffers_.d_final_state[0], "final_state[0]");
  with_gaps(buffers_.d_final_state[1], "final_state[1]");
  with_gaps(buffers_.d_last_output, "last_output");
}

}  // namespace
}  // namespace rondo::test
