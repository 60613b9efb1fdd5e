#include "cpu/fused/partition.h"

#include <algorithm>
#include <limits>

namespace rondo::fused {
namespace {

/// The fewest rows per thread for which it pays that every thread reads the whole recurrent kernel. Measured where a
/// core has 2 MiB of second-level cache (docs/performance.md).
constexpr std::int64_t rows_worth_a_thread(std::int64_t weight_bytes) {
  if (weight_bytes <= std::int64_t{1} << 19) return 2;
  return weight_bytes <= std::int64_t{1} << 20 ? 4 : 8;
}

// Waking a thread takes some ten microseconds, the time of a million operations. A barrier in every step, and reading h
// from another core's cache, take one microsecond, so a group of units needs kOperationsOfStep operations in a step.
constexpr double kOperationsOfThread = 1e6;
constexpr double kOperationsOfStep = 2.5e5;

// Every group of units has at least one vector of units.
int most_unit_groups(const RecurrenceSpec& spec) {
  return static_cast<int>(std::min<std::int64_t>((spec.cell.units + 15) / 16, std::numeric_limits<int>::max()));
}

// Rows of a chunk, over all its steps, with which the caches are used well.
std::int64_t wanted_rows(const RecurrenceSpec& spec) { return spec.cell.units >= 1024 ? 224 : 96; }

}  // namespace

Partition partition(const RecurrenceSpec& spec, int threads) {
  const std::int64_t H = spec.cell.units;
  const std::int64_t columns = gate_count(spec.cell.kind) * H;
  const double step =
      2.0 * static_cast<double>(spec.B) * static_cast<double>(columns) * static_cast<double>(spec.I + H);
  const double worth = step * static_cast<double>(spec.T) / kOperationsOfThread;
  const int most = static_cast<int>(std::clamp(worth, 1.0, static_cast<double>(std::max(threads, 1))));

  const auto weight_bytes = columns * H * static_cast<std::int64_t>(size_of(spec.dtype));
  const auto groups = static_cast<int>(std::clamp<std::int64_t>(spec.B / rows_worth_a_thread(weight_bytes), 1, most));
  const double step_of_group = step / groups;
  const int unit_groups = std::min(most / groups, static_cast<int>(std::max(1.0, step_of_group / kOperationsOfStep)));
  return {groups, std::min(unit_groups, most_unit_groups(spec))};
}

Partition widest_partition(const RecurrenceSpec& spec, int row_groups, int threads) {
  return {row_groups, std::min(std::max(threads / row_groups, 1), most_unit_groups(spec))};
}

std::int64_t chunk_steps(const RecurrenceSpec& spec, std::int64_t rows) {
  return std::clamp<std::int64_t>(wanted_rows(spec) / std::max<std::int64_t>(rows, 1), 1,
                                  std::max<std::int64_t>(spec.T, 1));
}

std::int64_t most_chunk_rows(const RecurrenceSpec& spec, std::int64_t rows) {
  return std::max(rows, std::min(wanted_rows(spec), rows * spec.T));
}

}  // namespace rondo::fused
