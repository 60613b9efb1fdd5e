#include "first_light/cases.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "cuda/persistent/persistent_plan.h"
#include "parity/persistent_ways.h"
#include "rondo/error.h"

namespace rondo::test {
namespace {

// Each place of an exchange several times over, and little for the reference to do.
constexpr std::int64_t kSteps = 12;
constexpr std::int64_t kInputs = 16;
constexpr std::int64_t kStreamedUnits = 470;  // more weights than the registers of few blocks hold

struct Sizes {
  std::int64_t H;
  std::int64_t B;
};

RecurrenceSpec spec_of(CellSpec cell, const Sizes& sizes, DType dtype, const DeviceProperties& properties) {
  cell.units = sizes.H;
  return {.cell = cell, .T = kSteps, .B = sizes.B, .I = kInputs, .dtype = dtype, .device = properties.device};
}

/// Blocks that get x W, and keep their weights.
bool is_plain_way(const PersistentShape& shape) { return !shape.multiplies_inputs() && shape.streamed_tiles == 0; }

FirstLightCase cluster_case(int blocks, const Sizes& sizes, DType dtype, const DeviceProperties& properties) {
  return {.kind = PersistentKind::cluster,
          .name = std::to_string(blocks),
          .ways = "cluster_" + std::to_string(blocks) + "x",
          .spec = spec_of({.kind = CellKind::lstm}, sizes, dtype, properties),
          .wanted = [blocks](const PersistentShape& shape) { return shape.blocks == blocks && is_plain_way(shape); }};
}

/// Without its `ways`. A grid is one of several blocks: with one it would have nobody to wait for.
FirstLightCase grid_case(std::string name, const RecurrenceSpec& spec,
                         std::function<bool(const PersistentShape&)> wanted) {
  return {.kind = PersistentKind::grid,
          .name = std::move(name),
          .ways = {},
          .spec = spec,
          .wanted = [=](const auto& shape) { return shape.blocks > 2 && wanted(shape); }};
}

void add_grid_cases(const DeviceProperties& properties, std::vector<FirstLightCase>& cases) {
  const std::int64_t processors = std::max(kFewestProcessors, properties.processors);
  const std::int64_t half = processors / 2 * kOctetUnits;  // of the multiprocessors, in blocks of 8 units
  const CellSpec lstm{.kind = CellKind::lstm};
  const auto add = [&](FirstLightCase added, std::string ways) {
    added.ways = std::move(ways);
    cases.push_back(std::move(added));
  };
  add(grid_case("packets", spec_of(lstm, {half, 8}, DType::f16, properties),
                [](const auto& shape) { return shape.row_tiles == 1 && is_plain_way(shape); }),
      "grid_[0-9]+x[0-9]+_[1-8]rows_(?!.*rowtiles)");
  add(grid_case("sentinels", spec_of(lstm, {half, 12}, DType::bf16, properties),
                [](const auto& shape) { return shape.rows > 8 && is_plain_way(shape); }),
      "grid_(?:.*rowtiles|[0-9]+x[0-9]+_(?:9|[0-9]{2,})rows_)");
  const CellSpec two_phases{.kind = CellKind::gru, .reset_after = false};
  add(grid_case("two_phases", spec_of(two_phases, {half, 4}, DType::f32, properties), is_plain_way), "");
  FirstLightCase streamed = grid_case("streamed", spec_of(lstm, {kStreamedUnits, 4}, DType::f32, properties),
                                      [](const auto& shape) { return shape.streamed_tiles > 0; });
  streamed.in_little_memory = true;
  add(std::move(streamed), "grid_.*streamed");
  add(grid_case("fused", spec_of(lstm, {half, 4}, DType::f16, properties),
                [](const auto& shape) { return shape.multiplies_inputs() && shape.streamed_tiles == 0; }),
      "grid_.*fused");
  // Each takes more than half of the multiprocessors, so that one has to wait for the other's end.
  FirstLightCase streams =
      grid_case("two_streams", spec_of(lstm, {half + half / 2, 1}, DType::f16, properties),
                [=](const auto& shape) { return 2 * shape.blocks > processors && is_plain_way(shape); });
  streams.sessions = 2;
  add(std::move(streams), "");
}

}  // namespace

std::string FirstLightCase::full_name() const { return to_string(kind) + " " + name; }

std::vector<FirstLightCase> first_light_cases(const DeviceProperties& properties) {
  std::vector<FirstLightCase> cases{{.kind = PersistentKind::block,
                                     .name = "one",
                                     .ways = "block_",
                                     .spec = spec_of({.kind = CellKind::lstm}, {32, 4}, DType::f32, properties),
                                     .wanted = is_plain_way}};
  cases.push_back(cluster_case(2, {64, 4}, DType::bf16, properties));
  cases.push_back(cluster_case(8, {256, 4}, DType::f16, properties));
  cases.push_back(cluster_case(16, {512, 1}, DType::bf16, properties));
  add_grid_cases(properties, cases);
  return cases;
}

FirstLightCase find_first_light_case(const std::vector<FirstLightCase>& cases, const std::string& full_name) {
  const auto found = std::ranges::find(cases, full_name, &FirstLightCase::full_name);
  if (found != cases.end()) return *found;
  std::string names;
  for (const FirstLightCase& known : cases) names += (names.empty() ? "" : ", ") + known.full_name();
  throw ValueError("case", "'" + full_name + "'", "one of " + names);
}

std::unique_ptr<const Executor> way_of(const FirstLightCase& wanted, DeviceProperties properties) {
  if (wanted.in_little_memory) return grid_way_in_little_memory(wanted.spec, properties, wanted.wanted);
  properties.processors = std::max(kFewestProcessors, properties.processors);
  return fastest_way(wanted.spec, properties, wanted.kind, wanted.wanted);
}

RandomRecurrence recurrence_of(const FirstLightCase& wanted) {
  Random random(1);
  RandomRecurrence recurrence;
  recurrence.spec = wanted.spec;
  const CellSpec& cell = wanted.spec.cell;
  recurrence.weights = random_weights(random, cell, wanted.spec.I);
  recurrence.weights.recurrent_kernel =
      random.tensor({cell.units, gate_count(cell.kind) * cell.units}, 1.0 / std::sqrt(static_cast<double>(cell.units)));
  recurrence.x = random.tensor({wanted.spec.T, wanted.spec.B, wanted.spec.I}, 1.0);
  return recurrence;
}

}  // namespace rondo::test
