#include "cpu/fused/partition.h"

#include <algorithm>

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
  // Every group of units has at least one vector of units.
  return {groups, static_cast<int>(std::min<std::int64_t>(unit_groups, (H + 15) / 16))};
}

std::int64_t chunk_steps(const RecurrenceSpec& spec, std::int64_t rows) {
  const std::int64_t wanted = spec.cell.units >= 1024 ? 224 : 96;
  return std::clamp<std::int64_t>(wanted / std::max<std::int64_t>(rows, 1), 1, std::max<std::int64_t>(spec.T, 1));
}

}  // namespace rondo::fused
