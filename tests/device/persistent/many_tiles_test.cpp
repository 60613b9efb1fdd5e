// Warps that multiply more tiles of h than they load at first: further tiles are in flight during products. With few
// rows, only a large H has enough tiles for this.

#include <gtest/gtest.h>

#include "device/simt/device/launch_limits.h"
#include "support/device_run.h"
#include "support/persistent_candidates.h"

namespace rondo::test {
namespace {

struct Candidate {
  CellKind cell;
  DType dtype;
  MatrixMath math;
  GridWords words;
  std::int64_t B;
};

constexpr std::int64_t kUnits = 843;  // 53 tiles of 16 bits, 14 for each of four warps; twice as many of f32

/// A random recurrence of kUnits units and B rows.
RandomRecurrence recurrence_of(CellKind kind, std::int64_t B, std::uint64_t seed) {
  Random random(seed);
  RandomRecurrence recurrence;
  do {
    recurrence = random_recurrence(random, {.units = kUnits, .B = B, .I = 5, .plain_cell = true});
  } while (recurrence.spec.cell.kind != kind || recurrence.spec.T < 2);
  return recurrence;
}

TEST(ManyTiles, EqualTheReferenceInDouble) {
#if defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "the thread sanitizer maps memory for each fiber, and 64 blocks have more fibers than that allows";
#endif
  constexpr int kBlocks = 64;
  const simt::MostResidentBlocks room(kBlocks);
  const Device device = cuda(0);
  DeviceProperties properties = properties_of(device);
  properties.processors = kBlocks;
  std::uint64_t seed = 0;
  for (const Candidate& candidate :
       {Candidate{CellKind::lstm, DType::bf16, MatrixMath::strict, GridWords::numbered, 3},
        Candidate{CellKind::lstm, DType::f16, MatrixMath::strict, GridWords::alone, 3},
        Candidate{CellKind::gru, DType::bf16, MatrixMath::strict, GridWords::alone, 2},
        Candidate{CellKind::simple_rnn, DType::f32, MatrixMath::tf32, GridWords::threes, 1},
        Candidate{CellKind::simple_rnn, DType::f32, MatrixMath::tf32x3, GridWords::alone, 11}}) {
    const RandomRecurrence recurrence = recurrence_of(candidate.cell, candidate.B, ++seed);
    DeviceRun run{.how = {"cuda_grid", candidate.dtype, candidate.math}, .device = device, .layout_seed = seed};
    const auto executor = fastest_candidate(
        spec_on_device(recurrence.spec, run), properties, PersistentKind::grid,
        [&](const PersistentShape& shape) { return shape.words == candidate.words && shape.warp_tiles() > 12; });
    ASSERT_NE(executor, nullptr) << to_string(recurrence.spec);
    SCOPED_TRACE(to_string(recurrence.spec) + ", " + std::string(executor->name()));
    run.executor = executor.get();
    expect_parity(recurrence, run);
  }
}

}  // namespace
}  // namespace rondo::test
