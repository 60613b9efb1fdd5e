/// Weights rounded to 8 bits, in panels.
#pragma once

#include "cpu/fused/panel_columns.h"

namespace rondo::fused {

/// Rounds some panels of a matrix (rows, columns) of f32 to 8 bits with a scale for each column, and packs them as
/// `format` says: [panel][k][vector][lane][together], and behind each panel's rows its scales. `target` is where panel
/// 0 begins, and must be zeros, since padding is not written: the scale of a column beyond the units is 0.
void pack_int8(const float* source, std::int64_t rows, std::int64_t source_columns, const Columns& columns,
               const Range& panels, const PanelFormat& format, std::byte* target);

}  // namespace rondo::fused
