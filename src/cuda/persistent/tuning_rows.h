/// Written by bench/report.py tuning; not by hand. The point of each row, what was measured of the way in it, and what
/// of the one that the model takes. Floor 4.
#pragma once

#include <array>

#include "cuda/persistent/tuning_table.h"

namespace rondo {

// clang-format off
inline constexpr std::array<TuningRow, 0> kTuningRows{};
// clang-format on

static_assert(is_tuning_table(kTuningRows));

}  // namespace rondo
