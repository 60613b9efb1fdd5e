/// Written by bench/report/report.py tuning; not by hand. Above each row stands its point, and what was measured of the
/// candidate that the model takes.
#pragma once

#include <array>

#include "cuda/persistent/planner/tuning_table.h"

namespace rondo {

// clang-format off
inline constexpr std::array<TuningRow, 0> kTuningRows{};
// clang-format on

static_assert(is_tuning_table(kTuningRows));

}  // namespace rondo
