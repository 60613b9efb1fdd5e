/// Draws the demo's chart as an SVG: the whole record above, some years with gaps and their forecasts below.
#pragma once

#include <filesystem>
#include <vector>

#include "co2_record.h"

namespace co2 {

/// Writes the chart. `forecasts[t]` is for week t + 1. Throws std::runtime_error if the file cannot be written.
void write_chart(const std::filesystem::path& svg, const Record& record, const std::vector<double>& forecasts);

}  // namespace co2
