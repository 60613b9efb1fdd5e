// Weights that several threads pack.

#include "cpu/fused/pack_threads.h"

#include <gtest/gtest.h>

#include <atomic>
#include <vector>

#include "rondo/plan/plan.h"
#include "support/compare.h"
#include "support/gradient_run.h"
#include "support/random_recurrence.h"

namespace rondo::test {
namespace {

constexpr std::int64_t kMegabyte = std::int64_t{1} << 20;

/// A pool of four threads, as the default one for the life of this object.
class FourThreads {
 public:
  FourThreads() { set_default_thread_pool(make_thread_pool(4)); }
  ~FourThreads() { set_default_thread_pool(nullptr); }
};

/// The number of parts in which `size` panels of `bytes` are packed. Every panel must be in one of them.
int parts_of(std::int64_t size, std::int64_t bytes, int processors) {
  std::vector<std::atomic<int>> packed(static_cast<std::size_t>(size));
  std::atomic<int> parts = 0;
  fused::PackThreads(processors).run(size, bytes, [&](const fused::Range& range) {
    ++parts;
    for (std::int64_t p = range.begin; p < range.end; ++p) ++packed[static_cast<std::size_t>(p)];
  });
  for (const std::atomic<int>& times : packed) EXPECT_EQ(times, 1);
  return parts;
}

TEST(PackThreads, EveryPanelIsPackedOnce) {
  const FourThreads pool;
  EXPECT_EQ(parts_of(13, 16 * kMegabyte, 4), 4);
  EXPECT_EQ(parts_of(13, 16 * kMegabyte, 3), 3);
  EXPECT_EQ(parts_of(13, kMegabyte, 4), 2);
  EXPECT_EQ(parts_of(3, 16 * kMegabyte, 4), 3);
}

TEST(PackThreads, LittleIsPackedByTheCaller) {
  const FourThreads pool;
  EXPECT_EQ(parts_of(13, kMegabyte / 2, 4), 1);
  EXPECT_EQ(parts_of(13, 16 * kMegabyte, 1), 1);
  EXPECT_EQ(parts_of(1, 16 * kMegabyte, 4), 1);
}

/// Both kernels are large enough for two threads, whose last panels have padding.
TEST(PackThreads, GradientsHaveTheSameBitsForAnyNumberOfThreads) {
  const FourThreads pool;
  for (const CellKind kind : {CellKind::lstm, CellKind::gru}) {
    Random random(3);
    RandomRecurrence recurrence;
    do {
      recurrence = random_recurrence(random, {.units = 370, .B = 3, .T = 3, .I = 410, .plain_cell = true});
    } while (recurrence.spec.cell.kind != kind);
    recurrence.spec.keep = Keep::gates;
    const Upstream upstream = random_upstream(random, recurrence);
    SCOPED_TRACE(to_string(recurrence.spec));
    const auto gradients = [&](int threads) {
      const PlanOptions options{.executor = "cpu_fused", .backward_executor = "cpu_fused", .threads = threads};
      return gradients_of(Plan::create(recurrence.spec, options), recurrence, upstream).all();
    };
    const auto expected = gradients(1);
    const auto actual = gradients(4);
    for (std::size_t k = 0; k < expected.size(); ++k) {
      EXPECT_TRUE(identical(actual[k].second, expected[k].second)) << expected[k].first;
    }
  }
}

}  // namespace
}  // namespace rondo::test
