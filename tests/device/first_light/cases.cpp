#include "device/first_light/cases.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "cuda/persistent/planner/persistent_plan.h"
#include "rondo/vocabulary/error.h"
#include "support/persistent_candidates.h"

namespace rondo::test {
namespace {

// Enough steps that every place of an exchange is used several times, and few enough for the reference.
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

/// Blocks that get x W, keep their weights, and ask for all words at once.
bool is_plain_candidate(const PersistentShape& shape) {
  return !shape.multiplies_inputs() && shape.streamed_tiles == 0 && shape.polls == Polls::all;
}

FirstLightCase cluster_case(int blocks, const Sizes& sizes, DType dtype, const DeviceProperties& properties) {
  return {
      .kind = PersistentKind::cluster,
      .name = std::to_string(blocks),
      .candidates = "cluster_" + std::to_string(blocks) + "x",
      .spec = spec_of({.kind = CellKind::lstm}, sizes, dtype, properties),
      .wanted = [blocks](const PersistentShape& shape) { return shape.blocks == blocks && is_plain_candidate(shape); }};
}

/// The cases of grids, whose sizes depend on the device's multiprocessors.
class GridCases {
 public:
  GridCases(const DeviceProperties& properties, std::vector<FirstLightCase>& cases)
      : properties_(properties),
        processors_(std::max(kFewestProcessors, properties.processors)),
        half_(processors_ / 2 * kOctetUnits),
        cases_(cases) {}

  /// Adds a case for each form in which words of h are sent through global memory.
  void add_words() {
    add(
        "packets", spec_of(kLstm, {half_, 8}, DType::f16, properties_),
        [](const auto& shape) { return shape.words == GridWords::numbered && is_plain_candidate(shape); },
        "grid_[0-9]+x[0-9]+_[1-8]rows_(?!.*(?:rowtiles|alone))(?!(?:[0-9]+x)?(?:24|48)units)");
    add(
        "threes", spec_of(kLstm, {half_, 8}, DType::f16, properties_),
        [](const auto& shape) { return shape.words == GridWords::threes && is_plain_candidate(shape); },
        "grid_[0-9]+x[0-9]+_[1-8]rows_(?!.*rowtiles)(?:[0-9]+x)?(?:24|48)units");
    add(
        "sentinels", spec_of(kLstm, {half_, 12}, DType::bf16, properties_),
        [](const auto& shape) { return shape.rows > 8 && is_plain_candidate(shape); },
        "grid_(?:.*rowtiles|[0-9]+x[0-9]+_(?:9|[0-9]{2,})rows_)");
    add(
        "few_sentinels", spec_of(kLstm, {half_, 8}, DType::f16, properties_),
        [](const auto& shape) {
          return shape.row_tiles == 1 && shape.words == GridWords::alone && is_plain_candidate(shape);
        },
        "grid_.*alone");
  }

  void add_variants() {
    const CellSpec two_phases{.kind = CellKind::gru, .reset_after = false};
    add("two_phases", spec_of(two_phases, {half_, 4}, DType::f32, properties_), is_plain_candidate, "");
    add(
        "one_first", spec_of(kLstm, {half_, 1}, DType::f16, properties_),
        [](const auto& shape) { return shape.polls == Polls::one_first; }, "grid_.*onefirst");
    add(
        "streamed", spec_of(kLstm, {kStreamedUnits, 4}, DType::f32, properties_),
        [](const auto& shape) { return shape.streamed_tiles > 0; }, "grid_.*streamed")
        .in_little_memory = true;
    RecurrenceSpec two_passes = spec_of({.kind = CellKind::gru}, {kStreamedUnits, 17}, DType::f32, properties_);
    two_passes.math = MatrixMath::tf32;
    add(
        "streamed_once", two_passes,
        [](const auto& shape) { return shape.streamed_tiles > 0 && shape.streams == Streams::once; }, "grid_.*once")
        .in_little_memory = true;
    add(
        "fused", spec_of(kLstm, {half_, 4}, DType::f16, properties_),
        [](const auto& shape) {
          return shape.multiplies_inputs() && shape.streamed_tiles == 0 && shape.polls == Polls::all;
        },
        "grid_.*fused");
  }

  /// Adds two sessions that need more than half of the multiprocessors each, so that one waits for the other's end.
  void add_two_streams() {
    add(
        "two_streams", spec_of(kLstm, {half_ + half_ / 2, 1}, DType::f16, properties_),
        [processors = processors_](const auto& shape) {
          return 2 * shape.blocks > processors && is_plain_candidate(shape);
        },
        "")
        .sessions = 2;
  }

 private:
  inline static const CellSpec kLstm{.kind = CellKind::lstm};

  /// Adds a case. Its shape has several blocks, because a single block would wait for no other block.
  FirstLightCase& add(std::string name, const RecurrenceSpec& spec, std::function<bool(const PersistentShape&)> wanted,
                      std::string candidates) {
    return cases_.emplace_back(
        FirstLightCase{.kind = PersistentKind::grid,
                       .name = std::move(name),
                       .candidates = std::move(candidates),
                       .spec = spec,
                       .wanted = [=](const auto& shape) { return shape.blocks > 2 && wanted(shape); }});
  }

  const DeviceProperties& properties_;
  const int processors_;
  const std::int64_t half_;  // the units of half of the multiprocessors, in blocks of 8 units
  std::vector<FirstLightCase>& cases_;
};

}  // namespace

std::string FirstLightCase::full_name() const { return name_of(kind) + " " + name; }

std::vector<FirstLightCase> first_light_cases(const DeviceProperties& properties) {
  std::vector<FirstLightCase> cases{{.kind = PersistentKind::block,
                                     .name = "one",
                                     .candidates = "block_",
                                     .spec = spec_of({.kind = CellKind::lstm}, {32, 4}, DType::f32, properties),
                                     .wanted = is_plain_candidate}};
  cases.push_back(cluster_case(2, {64, 4}, DType::bf16, properties));
  cases.push_back(cluster_case(8, {256, 4}, DType::f16, properties));
  cases.push_back(cluster_case(16, {512, 1}, DType::bf16, properties));
  GridCases grid(properties, cases);
  grid.add_words();
  grid.add_variants();
  grid.add_two_streams();
  return cases;
}

FirstLightCase find_first_light_case(const std::vector<FirstLightCase>& cases, const std::string& full_name) {
  const auto found = std::ranges::find(cases, full_name, &FirstLightCase::full_name);
  if (found != cases.end()) return *found;
  std::string names;
  for (const FirstLightCase& known : cases) names += (names.empty() ? "" : ", ") + known.full_name();
  throw ValueError("case", "'" + full_name + "'", "one of " + names);
}

std::unique_ptr<const Executor> candidate_of(const FirstLightCase& wanted, DeviceProperties properties) {
  if (wanted.in_little_memory) return grid_candidate_in_little_memory(wanted.spec, properties, wanted.wanted);
  properties.processors = std::max(kFewestProcessors, properties.processors);
  return fastest_candidate(wanted.spec, properties, wanted.kind, wanted.wanted);
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
