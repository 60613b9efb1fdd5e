#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

#include "rondo/plan/plan.h"
#include "rondo/vocabulary/error.h"
#include "support/expect_error.h"

namespace rondo {
namespace {

using test::expect_words;

RecurrenceSpec small_lstm() {
  return {.cell = {.kind = CellKind::lstm, .units = 4}, .T = 3, .B = 2, .I = 5, .has_mask = true};
}

TEST(Plan, TakesTheFirstExecutorThatAccepts) {
  const Plan plan = Plan::create(small_lstm());
  EXPECT_EQ(plan.executor_name(), "cpu_fused");
  const std::string expected = "lstm H=4 I=5 T=3 B=2 f32, mask, on cpu\n  cpu_fused runs it, with a workspace of " +
                               std::to_string(plan.workspace_bytes()) + " bytes\n    ";
  EXPECT_EQ(plan.explain().substr(0, expected.size()), expected);
}

TEST(Plan, ExplainsWhyOthersDeclined) {
  RecurrenceSpec spec = small_lstm();
  spec.dtype = DType::f64;
  spec.rules.read = ReadOrder::reversed;
  const Plan plan = Plan::create(spec);
  EXPECT_EQ(plan.executor_name(), "reference");
  EXPECT_EQ(plan.explain(),
            "lstm H=4 I=5 T=3 B=2 f64, reversed, mask, on cpu\n"
            "  cpu_fused declined: it computes in f32, not f64\n"
            "  reference runs it, with a workspace of " +
                std::to_string(plan.workspace_bytes()) + " bytes");
}

TEST(Plan, DescribesEverySetting) {
  RecurrenceSpec spec{.cell = {.kind = CellKind::gru, .units = 1, .reset_after = false}, .T = 1, .B = 1, .I = 1};
  spec.rules.read = ReadOrder::reversed_within_length;
  spec.rules.write = WriteOrder::input;
  spec.has_lengths = true;
  spec.rules.dead = DeadOutput::zeros;
  EXPECT_EQ(to_string(spec),
            "gru (reset before) H=1 I=1 T=1 B=1 f32, reversed within length, written in input order, "
            "lengths, dead rows emit zeros, on cpu");
  spec = {.cell = {.kind = CellKind::gru, .units = 1}, .rules = {.dead = DeadOutput::incoming_state}};
  EXPECT_EQ(to_string(spec), "gru (reset after) H=1 I=0 T=0 B=0 f32, dead rows emit the incoming state, on cpu");
  spec = {.cell = {.kind = CellKind::simple_rnn, .units = 1}};
  EXPECT_EQ(to_string(spec), "simple_rnn H=1 I=0 T=0 B=0 f32, on cpu");
  spec = {.cell = {.units = 4, .use_peepholes = true, .cell_clip = 3, .projection_units = 2, .projection_clip = 0.5}};
  EXPECT_EQ(to_string(spec),
            "lstm (peepholes, cell clip 3, projection P=2, projection clip 0.5) H=4 I=0 T=0 B=0 f32, on cpu");
}

TEST(Plan, TakesTheExecutorThatIsAskedFor) {
  EXPECT_EQ(Plan::create(small_lstm(), {.executor = "reference"}).executor_name(), "reference");
  EXPECT_EQ(executor_names(), (std::vector<std::string>{"cpu_fused", "reference"}));
  expect_words([] { (void)Plan::create(small_lstm(), {.executor = "fastest"}); },
               {"executor: got 'fastest'", "cpu_fused, reference"});
  RecurrenceSpec spec = small_lstm();
  spec.dtype = DType::f64;
  expect_words([&] { (void)Plan::create(spec, {.executor = "cpu_fused"}); },
               {"no executor accepts", "cpu_fused declined", "f64"});
}

TEST(Plan, CanBeAskedForADeviceThatIsNotThere) {
  RecurrenceSpec spec = small_lstm();
  spec.device = cuda(1000);
  const DeviceProperties properties{.device = cuda(0), .processors = 132, .compute_capability = 90};
  if (executor_names(cuda(0)).empty()) {  // a build without CUDA
    expect_words([&] { (void)Plan::create(spec, properties); }, {"no executor accepts", "on cuda:1000"});
  } else {
    EXPECT_EQ(Plan::create(spec, properties).executor_name(), "cuda_stepwise");
  }
  expect_words([&] { (void)Plan::create(spec, {.executor = "reference"}); }, {"device: got cuda:1000"});
}

TEST(Plan, RefusesSizesAndDTypesThatCannotBe) {
  const auto create_with = [](auto change) {
    return [change] {
      RecurrenceSpec spec = small_lstm();
      change(spec);
      (void)Plan::create(spec);
    };
  };
  expect_words(create_with([](RecurrenceSpec& spec) { spec.cell.units = 0; }), {"units: got 0"});
  expect_words(create_with([](RecurrenceSpec& spec) { spec.cell.cell_clip = -1; }), {"cell_clip: got -1", "0 or more"});
  expect_words(create_with([](RecurrenceSpec& spec) { spec.cell.projection_units = 0; }), {"projection_units: got 0"});
  expect_words(create_with([](RecurrenceSpec& spec) {
                 spec.cell.projection_units = 2;
                 spec.cell.projection_clip = std::numeric_limits<double>::quiet_NaN();
               }),
               {"projection_clip: got nan", "0 or more"});
  expect_words(create_with([](RecurrenceSpec& spec) { spec.cell.projection_clip = 0.5; }),
               {"projection_clip: got 0.5", "none, as the cell has no projection_units"});
  expect_words(create_with([](RecurrenceSpec& spec) {
                 spec.cell.kind = CellKind::gru;
                 spec.cell.use_peepholes = true;
               }),
               {"cell: got gru with peepholes", "an lstm"});
  expect_words(create_with([](RecurrenceSpec& spec) { spec.T = -1; }), {"T: got -1"});
  expect_words(create_with([](RecurrenceSpec& spec) { spec.B = -2; }), {"B: got -2"});
  expect_words(create_with([](RecurrenceSpec& spec) { spec.I = -3; }), {"I: got -3"});
  expect_words(create_with([](RecurrenceSpec& spec) { spec.dtype = DType::i32; }), {"dtype: got i32"});
  constexpr std::int64_t kHuge = std::numeric_limits<std::int64_t>::max();
  const std::vector<std::string> too_large = {"T, B, I and units: got", "fewer than 2^53 elements"};
  expect_words(create_with([](RecurrenceSpec& spec) { spec.T = kHuge; }), too_large);
  expect_words(create_with([](RecurrenceSpec& spec) { spec.B = kHuge; }), too_large);
  expect_words(create_with([](RecurrenceSpec& spec) { spec.I = kHuge; }), too_large);
  expect_words(create_with([](RecurrenceSpec& spec) { spec.cell.units = kHuge; }), too_large);
}

}  // namespace
}  // namespace rondo
