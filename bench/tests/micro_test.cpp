// The host's part of rondo_micro: the time of a round, and the record.

#include <gtest/gtest.h>

#include <vector>

#include "micro/record.h"
#include "micro/rounds.h"
#include "rondo/vocabulary/error.h"

namespace rondo::bench {
namespace {

/// A kernel whose start takes 0.02 ms, and whose rounds take `nanoseconds` each.
class FakeKernel {
 public:
  explicit FakeKernel(double nanoseconds) : nanoseconds_(nanoseconds) {}

  double run(unsigned rounds) {
    longest_ = std::max(longest_, rounds);
    ++runs_;
    const double first = runs_ == 1 ? 1000.0 : 0.0;  // the first run loads the kernel
    return first + 0.02 + rounds * nanoseconds_ * 1e-6;
  }
  unsigned longest() const { return longest_; }

 private:
  double nanoseconds_;
  unsigned longest_ = 0;
  int runs_ = 0;
};

TEST(TimeRounds, LeavesOutWhatIsDoneOnce) {
  for (const double nanoseconds : {3.0, 700.0, 90'000.0}) {
    FakeKernel kernel(nanoseconds);
    const RoundTimes times = time_rounds([&](unsigned rounds) { return kernel.run(rounds); }, {});
    EXPECT_NEAR(times.nanoseconds.median, nanoseconds, 1e-6 * nanoseconds);
    EXPECT_NEAR(times.nanoseconds.p90, nanoseconds, 1e-6 * nanoseconds);
    EXPECT_EQ(times.rounds, kernel.longest());
    EXPECT_GE(times.rounds * nanoseconds * 1e-6, 3.9);  // milliseconds
    EXPECT_LE(times.rounds * nanoseconds * 1e-6, 12.0);
  }
}

TEST(TimeRounds, TakesTheMedianOfTheRepeats) {
  int runs = 0;
  const auto milliseconds_of = [&](unsigned rounds) {
    const double disturbed = ++runs % 7 == 0 ? 50.0 : 0.0;
    return disturbed + 0.02 + rounds * 100e-6;
  };
  EXPECT_NEAR(time_rounds(milliseconds_of, {.repeats = 11, .milliseconds = 1.0}).nanoseconds.median, 100.0, 1e-3);
}

TEST(TimeRounds, RefusesRoundsThatTakeNoTime) {
  EXPECT_THROW(time_rounds([](unsigned) { return 0.02; }, {}), RuntimeError);
}

const MicroCase kExchange{.group = "grid_exchange",
                          .variant = "packets",
                          .parameters = {{"blocks", 32}, {"bytes", 2048}},
                          .per_round = 2,
                          .rates = {{"GB/s/SM", 2048}}};

MicroRecord record_of(const std::filesystem::path& path = {}) {
  const DeviceProperties device{.device = cuda(0),
                                .processors = 132,
                                .name = "Some",
                                .compute_capability = 90,
                                .clusters = {.of_2 = 66, .of_8 = 15}};
  return MicroRecord({"abc1234", device, 2.0, {}}, path);
}

TEST(MicroRecord, TellsWhatOneThingTakes) {
  MicroRecord record = record_of();
  record.add(kExchange, {.nanoseconds = {1000, 900, 1100, 800}, .rounds = 64});
  const auto& json = record.json();
  EXPECT_EQ(json["format"], "rondo_micro 1");
  EXPECT_EQ(json["device"]["name"], "Some");
  EXPECT_EQ(json["device"]["clock_gigahertz"], 2.0);
  EXPECT_EQ(json["device"]["clusters_at_once"]["8"], 15);
  EXPECT_EQ(json["device"]["clusters_at_once"]["16"], 0);
  const auto& row = json["measurements"].at(0);
  EXPECT_EQ(row["group"], "grid_exchange");
  EXPECT_EQ(row["variant"], "packets");
  EXPECT_EQ(row["parameters"]["blocks"], 32);
  EXPECT_EQ(row["ns"]["median"], 500.0);  // a round has two
  EXPECT_EQ(row["ns"]["p10"], 450.0);
  EXPECT_EQ(row["ns"]["p90"], 550.0);
  EXPECT_EQ(row["ns"]["least"], 400.0);
  EXPECT_EQ(row["clocks"], 1000.0);
  EXPECT_EQ(row["rounds"], 64);
  EXPECT_EQ(row["rates"]["GB/s/SM"], 2048.0 / 500.0);
  EXPECT_EQ(record.failures(), 0);
  EXPECT_EQ(kExchange.name(), "grid_exchange packets blocks=32 bytes=2048");
}

TEST(MicroRecord, NamesWhatFailedAndWhatWasSkipped) {
  MicroRecord record = record_of();
  record.add_failure(kExchange, "a thread gave up");
  record.add_skipped(kExchange, "no such clusters");
  EXPECT_EQ(record.failures(), 1);
  EXPECT_EQ(record.json()["failures"].at(0)["message"], "a thread gave up");
  EXPECT_EQ(record.json()["skipped"].at(0)["reason"], "no such clusters");
  EXPECT_TRUE(record.json()["measurements"].empty());
}

TEST(MicroRecord, AFileThatCannotBeWrittenIsNamed) {
  const MicroRecord record = record_of("/nowhere/micro.json");
  EXPECT_THROW(record.save(), RuntimeError);
  EXPECT_NO_THROW(record_of().save());
}

}  // namespace
}  // namespace rondo::bench
