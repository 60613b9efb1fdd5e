// The planner's choices for devices that need not be present.

#include "cuda/persistent/planner/persistent_plan.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "cuda/persistent/persistent_executor.h"
#include "cuda/persistent/persistent_kernels.h"
#include "cuda/persistent/planner/step_model.h"
#include "cuda/persistent/shape/operand_kind.h"
#include "device/persistent/planned.h"
#include "rondo/plan/plan.h"
#include "support/expect_error.h"
#include "support/random.h"

namespace rondo::test {
namespace {

/// The largest number of blocks of a team.
int most_blocks(PersistentKind kind, const DeviceProperties& properties) {
  switch (kind) {
    case PersistentKind::block: return 1;
    case PersistentKind::cluster: return properties.clusters.most_blocks();
    case PersistentKind::grid: break;
  }
  return properties.processors;
}

TEST(PersistentPlan, TakesTheSmallestTeamThatHoldsTheWeights) {
  EXPECT_EQ(chosen(lstm(32, 1), h200()), "block");
  EXPECT_EQ(chosen(lstm(256, 1), h200()), "cluster");
  EXPECT_EQ(chosen(lstm(512, 32), h200()), "cluster");
  EXPECT_EQ(chosen(lstm(1024, 4), h200()), "grid");
  EXPECT_EQ(chosen(lstm(1536, 8), h200()), "grid");
  EXPECT_EQ(chosen(lstm(2048, 32), h200()), "grid");
  EXPECT_EQ(chosen(lstm(4096, 64), h200()), "cuda_stepwise");
  EXPECT_EQ(chosen(lstm(2048, 256), h200()), "cuda_stepwise");
}

TEST(PersistentPlan, DevicesWithoutClustersMeetInGlobalMemory) {
  EXPECT_EQ(chosen(lstm(32, 1), a100()), "block");
  EXPECT_EQ(chosen(lstm(512, 8), a100()), "grid");
  EXPECT_THROW((void)Plan::create(lstm(512, 8), a100(), {.executor = "cuda_cluster"}), ValueError);
}

TEST(PersistentPlan, KnownGpusHaveNames) {
  EXPECT_EQ(known_gpu("h100").processors, 132);
  EXPECT_EQ(known_gpu("h100").clusters, h200().clusters);
  expect_words<ValueError>([] { (void)known_gpu("h300"); }, {"h300", "h200", "h100_pcie", "a100", "h200_mig_1g"});
}

TEST(PersistentPlan, ASliceOfADeviceHasRoomForLess) {
  EXPECT_EQ(chosen(lstm(256, 1), slice()), "cluster");
  EXPECT_EQ(chosen(lstm(1024, 4), slice()), "cuda_stepwise");
}

TEST(PersistentPlan, SaysWhyNot) {
  const auto refusal = [](const RecurrenceSpec& spec, const DeviceProperties& properties, const char* executor) {
    try {
      (void)Plan::create(spec, properties, {.executor = executor});
    } catch (const ValueError& error) {
      return std::string(error.what());
    }
    return std::string("accepted");
  };
  EXPECT_NE(refusal(lstm(8, 1, DType::f64), h200(), "cuda_persistent").find("f32, f16 and bf16"), std::string::npos);
  EXPECT_NE(refusal(lstm(8, 0), h200(), "cuda_persistent").find("no rows"), std::string::npos);
  EXPECT_NE(refusal(lstm(8, 1, DType::bf16, (1LL << 30) + 1), h200(), "cuda_persistent").find("T is above 2^30"),
            std::string::npos);
  EXPECT_NE(refusal(lstm(8, (1LL << 30) + 1), h200(), "cuda_persistent").find("B is above 2^30"), std::string::npos);
  EXPECT_NE(refusal(lstm(300, 1), h200(), "cuda_block").find("does not fit one block"), std::string::npos);
  EXPECT_NE(refusal(lstm(512, 8), a100(), "cuda_cluster").find("no clusters"), std::string::npos);
  EXPECT_NE(refusal(lstm(8000, 1), h200(), "cuda_grid").find("does not fit the blocks of a grid"), std::string::npos);
  EXPECT_NE(refusal(lstm(40000, 1), h200(), "cuda_grid").find("H is above"), std::string::npos);
  EXPECT_NE(refusal(lstm(512, 4096), h200(), "cuda_persistent").find("cuda_stepwise is expected to be faster"),
            std::string::npos);
}

TEST(PersistentPlan, WhatNoAutomaticExecutorTakesIsRefused) {
  const std::int64_t B = std::int64_t{1} << 31;
  expect_error_that<ValueError>(
      [&] { (void)Plan::create(lstm(64, B, DType::bf16, 1), h200()); },
      [](const std::string& message) {
        EXPECT_NE(message.find("\n  cuda_persistent declined: B is above 2^30\n  cuda_stepwise declined: "),
                  std::string::npos)
            << message;
        EXPECT_EQ(std::ranges::count(message, '\n'), 2) << message;  // no other executor was asked
      });
  EXPECT_EQ(Plan::create(lstm(512, 8), h200(), {.executor = "cuda_grid"}).executor_name(), "cuda_grid");
}

TEST(PersistentPlan, ExplainsInWords) {
  const std::string text = Plan::create(lstm(512, 56), h200()).explain();
  EXPECT_NE(text.find("cluster kernel: 7 x 16 blocks of 256 threads, 8 rows and 32 units each"), std::string::npos)
      << text;
  EXPECT_NE(text.find("us a step, without the product of the inputs (cluster_16x7_8rows_32units_"), std::string::npos)
      << text;
}

TEST(PersistentPlan, SaysWhatIsReadInEveryStep) {
  const RecurrenceSpec spec = lstm(2560, 32);
  const PersistentPlan plan = persistent_plans(spec, h200(), PersistentKind::grid).front();
  ASSERT_GT(plan.shape.streamed_tiles, 0);
  const std::string text = in_words(plan);
  EXPECT_NE(text.find("KiB read in every step; predicted"), std::string::npos) << text;
  EXPECT_NE(text.find("streamed_once)"), std::string::npos) << text;
  // Every weight is in registers, in shared memory or streamed.
  const std::size_t bytes = plan.bytes.register_weights + plan.bytes.shared_weights + plan.bytes.streamed_weights;
  EXPECT_GE(static_cast<std::size_t>(plan.shape.blocks) * bytes, std::size_t{4} * 2560 * 2560 * 2);
}

TEST(PersistentPlan, SumsLieInOnePlaceWhereWeightsNeedTheRoom) {
  const PersistentShape tight = persistent_plans(lstm(2048, 32), h200(), PersistentKind::grid).front().shape;
  EXPECT_EQ(tight.sum_places, 1);
  EXPECT_EQ(tight.streamed_tiles, 0);
  EXPECT_EQ(persistent_plans(lstm(1024, 32), h200(), PersistentKind::grid).front().shape.sum_places, 2);
}

/// The planner weighs a fence against bytes only for few rows of 16 bits; other rows have one form of words.
TEST(PersistentPlan, WordsOfFewRowsGoInTwoForms) {
  const auto words = [](std::int64_t B, DType dtype, int octets) {
    std::set<GridWords> found;
    RecurrenceSpec spec = lstm(512, B, dtype);
    spec.math = dtype == DType::f32 ? MatrixMath::tf32 : MatrixMath::strict;
    for (const PersistentPlan& plan : persistent_plans(spec, h200(), PersistentKind::grid)) {
      const PersistentShape& shape = plan.shape;
      if (shape.octets == octets && (shape.row_tiles == 1) == (B <= 8)) found.insert(shape.words);
    }
    return found;
  };
  for (const int octets : {1, 2}) {
    EXPECT_EQ(words(8, DType::bf16, octets), (std::set{GridWords::numbered, GridWords::alone}));
    EXPECT_EQ(words(1, DType::f16, octets), (std::set{GridWords::numbered, GridWords::alone}));
    EXPECT_EQ(words(8, DType::f32, octets), std::set{GridWords::numbered});
    EXPECT_EQ(words(32, DType::bf16, octets), std::set{GridWords::alone});
  }
  EXPECT_EQ(words(8, DType::bf16, 3), std::set{GridWords::threes});
  // A fence pays for many bytes of h, and not for few.
  EXPECT_EQ(persistent_plans(lstm(768, 16), h200(), PersistentKind::grid).front().shape.words, GridWords::alone);
  EXPECT_EQ(persistent_plans(lstm(512, 1), h200(), PersistentKind::grid).front().shape.words, GridWords::numbered);
}

/// With few gates a warp has more units, and reads h once for all of them.
TEST(PersistentPlan, BlocksAreLargerWhereACellHasFewerGates) {
  const auto shape = [](CellKind cell, std::int64_t H, std::int64_t B, DType dtype, const DeviceProperties& properties,
                        MatrixMath math = MatrixMath::strict) {
    RecurrenceSpec spec = lstm(H, B, dtype);
    spec.cell.kind = cell;
    spec.math = math;
    EXPECT_EQ(chosen(spec, properties), "grid") << to_string(spec);
    return persistent_plans(spec, properties, PersistentKind::grid).front().shape;
  };
  const auto rnn = [&](std::int64_t H, std::int64_t B, DType dtype, const DeviceProperties& properties,
                       MatrixMath math = MatrixMath::strict) {
    return shape(CellKind::simple_rnn, H, B, dtype, properties, math).units();
  };
  for (const char* name : {"h200", "h100"}) {
    const DeviceProperties gpu = known_gpu(name);
    EXPECT_EQ(rnn(1760, 16, DType::bf16, gpu), 48);
    EXPECT_EQ(rnn(1760, 128, DType::bf16, gpu), 64);
    EXPECT_EQ(rnn(2048, 128, DType::f16, gpu), 64);
    EXPECT_EQ(rnn(2560, 64, DType::bf16, gpu), 48);
    EXPECT_EQ(rnn(1760, 64, DType::f32, gpu, MatrixMath::tf32), 32);
    EXPECT_EQ(rnn(1760, 32, DType::f32, gpu), 32);
    EXPECT_EQ(shape(CellKind::gru, 2048, 32, DType::f32, gpu).octets, 4);
    EXPECT_EQ(shape(CellKind::lstm, 2048, 64, DType::bf16, gpu).row_tiles, 8);
    EXPECT_EQ(shape(CellKind::lstm, 1024, 128, DType::f32, gpu, MatrixMath::tf32).row_tiles, 8);
  }
  EXPECT_EQ(rnn(1760, 64, DType::bf16, a100()), 48);
  EXPECT_EQ(rnn(512, 64, DType::bf16, a100()), 48);
  EXPECT_EQ(rnn(512, 64, DType::bf16, slice()), 64);
}

TEST(StepModel, WeightsThatDoNotFitL2ComeFromMemory) {
  const RecurrenceSpec spec = lstm(4096, 1);
  const PersistentPlan plan = persistent_plans(spec, h200(), PersistentKind::grid).front();
  const auto step_ns = [&](double streamed) {
    BlockBytes bytes = plan.bytes;
    bytes.streamed_weights = static_cast<std::size_t>(streamed / plan.shape.blocks);
    return modelled_step_ns(spec, plan.shape, bytes);
  };
  EXPECT_LT(step_ns(49e6) - step_ns(48e6), 400);
  EXPECT_GT(step_ns(51e6) - step_ns(50e6), 1500);
}

TEST(StepModel, StrictRowsAreMultipliedInGroups) {
  const RecurrenceSpec spec = lstm(1024, 8, DType::f32);
  const PersistentPlan plan = persistent_plans(spec, h200(), PersistentKind::grid).front();
  const auto step_ns = [&](std::int32_t rows) {
    PersistentShape shape = plan.shape;
    shape.rows = rows;
    return modelled_step_ns(spec, shape, plan.bytes);
  };
  EXPECT_GT(step_ns(5) - step_ns(4), 3 * (step_ns(4) - step_ns(3)));
  EXPECT_GT(step_ns(3) - step_ns(2), 3 * (step_ns(2) - step_ns(1)));
}

TEST(PersistentPlan, NamesTellWaysApart) {
  PersistentShape shape{.kind = PersistentKind::grid, .blocks = 4, .teams = 2, .rows = 8, .k_warps = 8};
  EXPECT_EQ(candidate_name(shape), "grid_4x2_8rows_16units_8k");
  shape.words = GridWords::alone;
  EXPECT_EQ(candidate_name(shape), "grid_4x2_8rows_16units_8k_alone");
  shape.octets = 1;
  shape.words = GridWords::none;
  shape.unit_warps = 2;
  EXPECT_EQ(candidate_name(shape), "grid_4x2_8rows_2x8units_8k");
  shape.row_tiles = 2;
  EXPECT_EQ(candidate_name(shape), "grid_4x2_8rows_2x8units_8k_2rowtiles");
  shape.rows = 9;
  shape.streamed_tiles = 3;
  EXPECT_EQ(candidate_name(shape), "grid_4x2_9rows_2x8units_8k_3streamed");
  shape.kind = PersistentKind::cluster;
  EXPECT_EQ(candidate_name(shape), "cluster_4x2_9rows_16units_8k_3streamed");
  shape.input_tiles = 1;
  EXPECT_EQ(candidate_name(shape), "cluster_4x2_9rows_16units_8k_fused_3streamed");
}

/// tf32x3's weights take the room of f32. It is slower than TF32, and faster than strict products only for many rows.
TEST(PersistentPlan, Tf32x3IsForManyRows) {
  const auto step_ns = [](std::int64_t H, std::int64_t B, MatrixMath math) {
    RecurrenceSpec spec = lstm(H, B, DType::f32);
    spec.math = math;
    return persistent_plans(spec, h200(), PersistentKind::grid).front().step_ns;
  };
  for (const std::int64_t B : {16, 32, 64}) {
    EXPECT_LT(step_ns(1024, B, MatrixMath::tf32), step_ns(1024, B, MatrixMath::tf32x3)) << B;
    EXPECT_LT(step_ns(1024, B, MatrixMath::tf32x3), step_ns(1024, B, MatrixMath::strict)) << B;
  }
  EXPECT_LT(step_ns(1024, 1, MatrixMath::strict), step_ns(1024, 1, MatrixMath::tf32x3));
  RecurrenceSpec spec = lstm(1024, 32, DType::f32);
  spec.math = MatrixMath::tf32x3;
  EXPECT_EQ(chosen(spec, h200()), "grid");
  EXPECT_NE(Plan::create(spec, h200()).explain().find("(tf32x3 products)"), std::string::npos);
}

TEST(PersistentPlan, HasPlainCellsAlone) {
  RecurrenceSpec spec = lstm(512, 32);
  spec.cell.use_peepholes = true;
  const std::string text = Plan::create(spec, h200()).explain();
  EXPECT_NE(text.find("cuda_persistent declined: its LSTM has no peepholes, no cell clip and no projection"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("cuda_stepwise runs it"), std::string::npos) << text;
  for (const PersistentKind kind : kKinds) EXPECT_TRUE(persistent_plans(spec, h200(), kind).empty());
}

TEST(PersistentPlan, HasBasicActivationsAlone) {
  RecurrenceSpec spec = lstm(512, 32);
  for (Activation CellSpec::*const member : {&CellSpec::activation, &CellSpec::recurrent_activation}) {
    RecurrenceSpec other = spec;
    other.cell.*member = Activation(Activation::elu, 0.5);
    for (const Keep keep : {Keep::nothing, Keep::gates}) {
      other.keep = keep;
      const std::string text = Plan::create(other, h200()).explain();
      EXPECT_NE(text.find("cuda_persistent declined: it has no elu(0.5), but linear, tanh, sigmoid, hard_sigmoid, "
                          "hard_sigmoid_keras3 and relu"),
                std::string::npos)
          << text;
      EXPECT_NE(text.find("cuda_stepwise runs it"), std::string::npos) << text;
    }
    for (const PersistentKind kind : kKinds) EXPECT_TRUE(persistent_plans(other, h200(), kind).empty());
    (spec.cell.*member) = Activation::hard_sigmoid;
    EXPECT_FALSE(persistent_plans(spec, h200(), PersistentKind::grid).empty());
  }
  RecurrenceSpec simple = lstm(512, 32);
  simple.cell.kind = CellKind::simple_rnn;
  simple.cell.recurrent_activation = Activation::silu;  // it has no gates
  EXPECT_FALSE(persistent_plans(simple, h200(), PersistentKind::grid).empty());
}

TEST(PersistentPlan, IsMadeWithoutADevice) {
  // A made-up device: no machine has this index and this many multiprocessors.
  DeviceProperties properties = h200();
  properties.device = cuda(7);
  properties.processors = 1000;
  RecurrenceSpec spec = lstm(512, 32);
  spec.device = properties.device;
  EXPECT_FALSE(persistent_plans(spec, properties, PersistentKind::cluster).empty());
}

/// Every plan covers the problem and fits the device.
TEST(PersistentPlan, EveryPlanFits) {
  int count = 0;
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    Random random(seed);
    RecurrenceSpec spec = lstm(random.integer(1, 2100), random.integer(1, 300),
                               random.pick({DType::bf16, DType::f16, DType::f32}), random.integer(0, 100));
    spec.cell.kind = random.pick({CellKind::simple_rnn, CellKind::lstm, CellKind::gru, CellKind::mgu});
    spec.cell.reset_after = random.coin();
    spec.I = random.integer(1, 300);
    spec.math = random.pick({MatrixMath::strict, MatrixMath::tf32, MatrixMath::tf32x3});
    const DeviceProperties properties = random.pick({h200(), known_gpu("h100_pcie"), a100(), slice()});
    std::set<std::string> names;
    for (const PersistentKind kind : kKinds) {
      const std::vector<PersistentPlan> plans = persistent_plans(spec, properties, kind);
      EXPECT_TRUE(std::ranges::is_sorted(plans, {}, &PersistentPlan::total_ns));
      for (const PersistentPlan& plan : plans) {
        const PersistentShape& shape = plan.shape;
        SCOPED_TRACE(to_string(spec) + ", " + in_words(plan));
        ++count;
        EXPECT_TRUE(names.insert(candidate_name(shape)).second) << "another candidate has this name";
        EXPECT_EQ(shape.kind, kind);
        EXPECT_LE(shape.threads(), kPersistentThreads);
        EXPECT_GE(std::int64_t{shape.blocks} * shape.units(), spec.cell.units);
        EXPECT_GE(std::int64_t{shape.teams} * shape.rows, spec.B);
        EXPECT_LT(std::int64_t{shape.teams - 1} * shape.rows, spec.B) << "the last team has rows";
        EXPECT_LE(shape.rows, shape.padded_rows());
        const RecurrentProduct product = recurrent_product(spec, shape);
        EXPECT_LE(shape.row_tiles, most_row_tiles(kind, product, shape.octets));
        EXPECT_TRUE(has_octets(kind, product, shape.octets));
        EXPECT_GE(shape.k_warps, fewest_k_warps(kind, shape.octets, shape.row_tiles));
        EXPECT_GE(std::int64_t{shape.k_warps} * shape.warp_tiles(), shape.k_tiles);
        EXPECT_LE(shape.input_k_warps, shape.k_warps);
        EXPECT_EQ(plan.bytes.input_weights > 0, shape.multiplies_inputs());
        if (shape.multiplies_inputs()) {
          const PersistentShape inputs = shape.of_inputs();
          EXPECT_GE(std::size_t(shape.blocks) * plan.bytes.input_weights,
                    std::size_t(gate_count(spec.cell.kind) * spec.cell.units * spec.I) * size_of(spec.dtype));
          EXPECT_GE(std::int64_t{inputs.k_warps} * inputs.warp_tiles(), shape.input_tiles);
        }
        EXPECT_LE(plan.bytes.shared, properties.shared_bytes_per_block);
        EXPECT_TRUE(shape.sum_places == 1 || shape.sum_places == 2);
        EXPECT_GT(plan.step_ns, 0.0);
        EXPECT_LE(shape.blocks, most_blocks(kind, properties));
        EXPECT_TRUE(kind != PersistentKind::grid || shape.blocks * shape.teams <= properties.processors);
        EXPECT_TRUE(kind != PersistentKind::cluster || properties.clusters_at_once(shape.blocks) > 0);
      }
    }
  }
  EXPECT_GT(count, 1000);
}

}  // namespace
}  // namespace rondo::test
