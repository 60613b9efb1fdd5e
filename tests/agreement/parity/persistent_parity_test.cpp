// Every shape in which the persistent kernels can share out a recurrence, against the reference in double precision.
// The planner takes the shape that it predicts to be fastest, so all shapes must be right.

#include <gtest/gtest.h>

#include <algorithm>
#include <utility>

#include "cuda/persistent/persistent_executor.h"
#include "cuda/persistent/planner/persistent_plan.h"
#include "support/compare.h"
#include "support/decided.h"
#include "support/device_run.h"
#include "support/device_under_test.h"
#include "support/persistent_candidates.h"
#include "support/seeds.h"

namespace rondo::test {
namespace {

constexpr PersistentKind kKinds[] = {PersistentKind::block, PersistentKind::cluster, PersistentKind::grid};

struct Numbers {
  DType dtype;
  MatrixMath math = MatrixMath::strict;
};
constexpr Numbers kNumbers[] = {
    {DType::f32}, {DType::f32, MatrixMath::tf32}, {DType::f32, MatrixMath::tf32x3}, {DType::f16}, {DType::bf16}};

bool is_strict(const Numbers& numbers) { return numbers.dtype == DType::f32 && numbers.math == MatrixMath::strict; }

using Executors = std::vector<std::unique_ptr<const Executor>>;

Executors alternatives(const RandomRecurrence& recurrence, const DeviceRun& run, PersistentKind kind) {
  return persistent_alternatives(spec_on_device(recurrence.spec, run), properties_of(run.device), kind);
}

DeviceRun run_in(const Numbers& numbers, PersistentKind kind, std::uint64_t layout_seed) {
  return {.how = {"cuda_" + name_of(kind), numbers.dtype, numbers.math},
          .device = device_under_test(),
          .layout_seed = layout_seed};
}

/// Checks a plan of a kind in each dtype. Returns how many plans there were.
int check(const RandomRecurrence& recurrence, PersistentKind kind, std::uint64_t seed) {
  Random random(seed);
  int count = 0;
  for (const Numbers& numbers : kNumbers) {
    DeviceRun run = run_in(numbers, kind, seed);
    const Executors executors = alternatives(recurrence, run, kind);
    if (executors.empty()) continue;
    const auto any = static_cast<std::size_t>(random.integer(0, static_cast<std::int64_t>(executors.size()) - 1));
    run.executor = executors[any].get();
    SCOPED_TRACE(to_string(recurrence.spec) + ", " + std::string(run.executor->name()));
    expect_parity(recurrence, run);
    ++count;
  }
  return count;
}

/// A random recurrence of these sizes.
RandomRecurrence recurrence_of(Random& random, std::int64_t H, std::int64_t B) {
  return random_recurrence(random, {.units = H, .B = B, .plain_cell = true});
}

class PersistentParity : public ::testing::TestWithParam<PersistentKind> {};

/// Units and rows are around the sizes of tiles, chunks and blocks.
TEST_P(PersistentParity, HazardousSizes) {
  struct Size {
    std::int64_t H;
    std::int64_t B;
  };
  int plans = 0;
  std::uint64_t seed = 0;
  for (const Size size : {Size{1, 1}, Size{7, 9}, Size{8, 8}, Size{15, 2}, Size{16, 16}, Size{17, 1}, Size{31, 5},
                          Size{33, 17}, Size{48, 3}, Size{50, 18}, Size{64, 8}, Size{23, 33}, Size{40, 64}}) {
    for (int repeat = 0; repeat < 6; ++repeat) {
      Random random(++seed);
      plans += check(recurrence_of(random, size.H, size.B), GetParam(), seed);
    }
  }
  EXPECT_GT(plans, 100);
}

/// One row with a unit beyond a tile, and rows beyond a tile: compute-sanitizer takes a hundred times as long, and
/// would not finish HazardousSizes.
TEST_P(PersistentParity, UnderASanitizer) {
  std::uint64_t seed = 0;
  for (const auto& [H, B] : {std::pair{17, 1}, std::pair{33, 9}}) {
    Random random(++seed);
    const RandomRecurrence recurrence = random_recurrence(random, {.units = H, .B = B, .T = 5, .plain_cell = true});
    EXPECT_GT(check(recurrence, GetParam(), seed), 0);
  }
}

/// Checks any plan of a kind that multiplies x itself, in each dtype. Returns how many plans there were.
int check_fused(const RandomRecurrence& recurrence, PersistentKind kind, std::uint64_t seed) {
  Random random(seed);
  int count = 0;
  for (const Numbers& numbers : kNumbers) {
    DeviceRun run = run_in(numbers, kind, seed);
    Executors executors = alternatives(recurrence, run, kind);
    std::erase_if(executors, [](const auto& executor) { return executor->name().find("_fused") == std::string::npos; });
    if (executors.empty()) continue;
    const auto any = static_cast<std::size_t>(random.integer(0, static_cast<std::int64_t>(executors.size()) - 1));
    run.executor = executors[any].get();
    SCOPED_TRACE(to_string(recurrence.spec) + ", " + std::string(run.executor->name()));
    const RecurrenceSpec spec = spec_on_device(recurrence.spec, run);
    EXPECT_EQ(decided(*run.executor, spec, properties_of(run.device))->workspace_bytes(), 0U);
    expect_parity(recurrence, run);
    ++count;
  }
  return count;
}

/// I is around the sizes of words and tiles, of more than one warp, and above H; rows take one pass and several; T is
/// zero, one and a few.
TEST_P(PersistentParity, InputsInTheKernel) {
  struct Size {
    std::int64_t H;
    std::int64_t B;
    std::int64_t T;
    std::int64_t I;
  };
  int plans = 0;
  std::uint64_t seed = 100;
  for (const Size size : {Size{5, 1, 1, 1}, Size{16, 3, 1, 15}, Size{17, 9, 0, 3}, Size{24, 9, 5, 1},
                          Size{9, 18, 3, 33}, Size{33, 2, 2, 70}, Size{20, 33, 4, 41}, Size{8, 8, 3, 130},
                          Size{48, 50, 3, 7}, Size{31, 20, 6, 16}, Size{23, 1, 9, 64}}) {
    for (int repeat = 0; repeat < 4; ++repeat) {
      Random random(++seed);
      const RandomRecurrence recurrence =
          random_recurrence(random, {.units = size.H, .B = size.B, .T = size.T, .I = size.I, .plain_cell = true});
      plans += check_fused(recurrence, GetParam(), seed);
    }
  }
  EXPECT_GT(plans, 60);
}

TEST_P(PersistentParity, InputsOfDeadRowsInTheKernel) {
  for (std::uint64_t seed = 1; seed < 5; ++seed) {
    Random random(seed);
    RandomRecurrence recurrence = random_recurrence(random, {.units = 20, .B = 9, .T = 4, .I = 5, .plain_cell = true});
    recurrence.spec.has_lengths = true;
    recurrence.lengths = Tensor::zeros({9}, DType::i32);
    EXPECT_GT(check_fused(recurrence, GetParam(), seed), 0);
  }
}

/// Calls grid_candidate_in_little_memory for a run on a device.
template <typename Wanted>
std::unique_ptr<const Executor> grid_candidate(const RandomRecurrence& recurrence, const DeviceRun& run,
                                               const Wanted& wanted) {
  return grid_candidate_in_little_memory(spec_on_device(recurrence.spec, run), properties_of(run.device), wanted);
}

/// A random recurrence of this cell and B rows.
RandomRecurrence recurrence_of(const CellSpec& cell, std::int64_t B, std::uint64_t seed) {
  Random random(seed);
  RandomRecurrence recurrence;
  do {
    recurrence = recurrence_of(random, cell.units, B);
  } while (recurrence.spec.cell.kind != cell.kind || recurrence.spec.T < 2 ||
           (cell.kind == CellKind::gru && recurrence.spec.cell.reset_after != cell.reset_after));
  return recurrence;
}

TEST(StreamedWeights, EqualTheReferenceInDouble) {
  struct Case {
    std::int64_t H;
    std::int64_t B;
    Numbers numbers;
  };
  const Numbers tf32{DType::f32, MatrixMath::tf32};
  const Numbers tf32x3{DType::f32, MatrixMath::tf32x3};
  std::uint64_t seed = 0;
  int streamed = 0;
  for (const Case& drawn :
       {Case{470, 1, {DType::f32}}, Case{470, 9, {DType::f32}}, Case{500, 19, {DType::f32}}, Case{470, 1, tf32},
        Case{470, 11, tf32}, Case{500, 30, tf32}, Case{470, 3, tf32x3}, Case{500, 30, tf32x3},
        Case{900, 1, {DType::bf16}}, Case{900, 20, {DType::bf16}}, Case{900, 9, {DType::f16}}}) {
    for (const CellKind cell : {CellKind::lstm, CellKind::gru}) {
      // Where B is odd, the GRU has two phases, which use their weights alternately.
      const CellSpec drawn_cell{.kind = cell, .units = drawn.H, .reset_after = drawn.B % 2 == 0};
      const RandomRecurrence recurrence = recurrence_of(drawn_cell, drawn.B, ++seed);
      DeviceRun run = run_in(drawn.numbers, PersistentKind::grid, 1);
      const auto executor =
          grid_candidate(recurrence, run, [](const PersistentShape& shape) { return shape.streamed_tiles > 0; });
      if (executor == nullptr) continue;  // 16-bit weights of so few units fit the blocks of a small device
      SCOPED_TRACE(to_string(recurrence.spec) + ", " + std::string(executor->name()));
      run.executor = executor.get();
      expect_parity(recurrence, run);
      ++streamed;
    }
  }
  EXPECT_GE(streamed, 10);
}

/// Blocks of many units, teams of many rows, and sums in one place, all of which few recurrences have.
TEST(LargeBlocks, EqualTheReferenceInDouble) {
  struct Case {
    CellKind cell;
    Numbers numbers;
    int octets;
    int row_tiles;
    std::int64_t rows;
  };
  std::vector<Case> cases;
  for (const Numbers& numbers : kNumbers) {
    const bool wide = numbers.dtype == DType::f16 || numbers.dtype == DType::bf16;
    for (const auto& [row_tiles, rows] : {std::pair{1, 1}, {1, 3}, {1, 7}, {2, 13}, {4, 27}, {4, 32}}) {
      cases.push_back({CellKind::simple_rnn, numbers, 4, row_tiles, rows});
      if (is_strict(numbers)) cases.push_back({CellKind::gru, numbers, 4, row_tiles, rows});
      for (const int octets : {6, 8}) {
        if (wide) cases.push_back({CellKind::simple_rnn, numbers, octets, row_tiles, rows});
      }
    }
    if (!is_strict(numbers)) {
      for (const std::int64_t rows : {34, 50, 64}) cases.push_back({CellKind::lstm, numbers, 2, 8, rows});
    }
  }
  std::uint64_t seed = 0;
  for (const Case& candidate : cases) {
    // Two teams, of which the second one has fewer rows; and a last block with few units, an odd number of them.
    const RandomRecurrence recurrence = recurrence_of(
        {.kind = candidate.cell, .units = candidate.octets * kOctetUnits + 3}, 2 * candidate.rows - 1, ++seed);
    for (const int sum_places : {1, 2}) {
      DeviceRun run = run_in(candidate.numbers, PersistentKind::grid, seed);
      if (is_strict(candidate.numbers) && sum_places == 1) continue;
      const auto executor = grid_candidate(recurrence, run, [&](const PersistentShape& shape) {
        return shape.octets == candidate.octets && shape.row_tiles == candidate.row_tiles &&
               shape.rows == candidate.rows && shape.sum_places == sum_places;
      });
      ASSERT_NE(executor, nullptr) << to_string(recurrence.spec) << ", " << candidate.octets << " octets";
      SCOPED_TRACE(to_string(recurrence.spec) + ", " + std::string(executor->name()));
      run.executor = executor.get();
      expect_parity(recurrence, run);
    }
  }
}

/// Few rows, whose words are sent without epochs (GridWords::alone).
TEST(FewWordsAlone, EqualTheReferenceInDouble) {
  struct Case {
    CellSpec cell;
    DType dtype;
    int octets;
    std::int64_t rows;
  };
  const CellSpec lstm{.kind = CellKind::lstm, .units = 43};
  const CellSpec gru{.kind = CellKind::gru, .units = 43};
  const CellSpec two_phases{.kind = CellKind::gru, .units = 43, .reset_after = false};
  const CellSpec simple_rnn{.kind = CellKind::simple_rnn, .units = 43};
  const CellSpec mgu{.kind = CellKind::mgu, .units = 43};
  std::uint64_t seed = 0;
  for (const Case& candidate :
       {Case{lstm, DType::f16, 1, 1}, Case{lstm, DType::bf16, 2, 7}, Case{gru, DType::bf16, 1, 8},
        Case{gru, DType::f16, 2, 3}, Case{two_phases, DType::f16, 1, 5}, Case{two_phases, DType::bf16, 2, 1},
        Case{simple_rnn, DType::f16, 2, 8}, Case{mgu, DType::bf16, 1, 3}}) {
    // Two teams, of which the second one has fewer rows; and a last block with few units, an odd number of them.
    const RandomRecurrence recurrence = recurrence_of(candidate.cell, 2 * candidate.rows - 1, ++seed);
    DeviceRun run = run_in({candidate.dtype}, PersistentKind::grid, seed);
    const auto executor = grid_candidate(recurrence, run, [&](const PersistentShape& shape) {
      return shape.words == GridWords::alone && shape.row_tiles == 1 && shape.octets == candidate.octets &&
             shape.rows == candidate.rows;
    });
    ASSERT_NE(executor, nullptr) << to_string(recurrence.spec) << ", " << candidate.octets << " octets";
    SCOPED_TRACE(to_string(recurrence.spec) + ", " + std::string(executor->name()));
    run.executor = executor.get();
    expect_parity(recurrence, run);
  }
}

TEST_P(PersistentParity, EqualsTheReferenceInDouble) {
  for_each_seed([](std::uint64_t seed) {
    Random random(seed);
    const RandomRecurrence recurrence = random_recurrence(random);
    check(recurrence, GetParam(), seed);
  });
}

/// With any choice of the planner, neither other rows of the batch nor a second run change a row's bits.
TEST_P(PersistentParity, BatchMatesAndRepeatsNeverMatter) {
  for (std::uint64_t seed = 1; seed < 5; ++seed) {
    Random random(seed);
    const RandomRecurrence recurrence = recurrence_of(random, 20 + static_cast<std::int64_t>(seed) * 5, 11);
    RandomRecurrence other = recurrence;
    other.x = recurrence.x.clone();
    other.x.slice(1, 1, other.spec.B).fill(0.25);
    for (const Numbers& numbers : kNumbers) {
      DeviceRun run = run_in(numbers, GetParam(), seed);
      const Executors executors = alternatives(recurrence, run, GetParam());
      for (const bool fused : {false, true}) {
        const auto found = std::ranges::find_if(executors, [&](const auto& executor) {
          return (executor->name().find("_fused") != std::string_view::npos) == fused;
        });
        ASSERT_NE(found, executors.end());
        run.executor = found->get();
        SCOPED_TRACE(to_string(recurrence.spec) + ", " + std::string(run.executor->name()));
        run.repeats = 1;
        const RunResult before = run_on_device(recurrence, run);
        const RunResult after = run_on_device(other, run);
        EXPECT_TRUE(identical(after.last_output.select(0, 0), before.last_output.select(0, 0)));
        run.repeats = 3;
        EXPECT_TRUE(identical(run_on_device(recurrence, run).last_output, before.last_output));
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Kinds, PersistentParity, ::testing::ValuesIn(kKinds),
                         [](const auto& instance) { return name_of(instance.param); });

}  // namespace
}  // namespace rondo::test
