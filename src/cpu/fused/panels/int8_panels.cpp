#include "cpu/fused/int8_panels.h"

#include <cstring>

#include "recurrence/int8_scale.h"

namespace rondo::fused {
namespace {

constexpr int kMostWidth = kMostVectors * kMostLanes;

/// One panel of a matrix while it is packed.
class Int8Panel {
 public:
  Int8Panel(const float* source, std::int64_t source_columns, const Columns& columns, std::int64_t p)
      : source_(source), source_columns_(source_columns), columns_(columns), p_(p) {}

  /// Finds the scale of each column.
  void find_scales(std::int64_t rows) {
    std::uint32_t largest[kMostWidth] = {};
    for (std::int64_t k = 0; k < rows; ++k) {
      for_each_run(k, [&](const float* from, std::int64_t element, std::int64_t count) {
        for (std::int64_t i = 0; i < count; ++i) {
          largest[element + i] = std::max(largest[element + i], magnitude_bits(from[i]));
        }
      });
    }
    for (int element = 0; element < kMostWidth; ++element) scales_[element] = int8_scale(largest[element]);
  }

  /// Writes the integers of row k, `together` bytes apart from each other.
  void write_row(std::int64_t k, int together, int offset, std::byte* target) const {
    for_each_run(k, [&](const float* from, std::int64_t element, std::int64_t count) {
      for (std::int64_t i = 0; i < count; ++i) {
        const int weight = int8_of(from[i], scales_[element + i].inverse);
        target[(element + i) * together] = static_cast<std::byte>(weight + offset);
      }
    });
  }

  /// Writes the scales to memory that need not be aligned.
  void write_scales(std::byte* target) const {
    for_each_run(0, [&](const float*, std::int64_t element, std::int64_t count) {
      for (std::int64_t i = element; i < element + count; ++i) {
        std::memcpy(target + i * static_cast<std::int64_t>(sizeof(float)), &scales_[i].scale, sizeof(float));
      }
    });
  }

 private:
  template <typename Use>
  void for_each_run(std::int64_t k, const Use& use) const {
    const float* const row = source_ + k * source_columns_;
    columns_.for_each_run(
        p_, [&](std::int64_t column, std::int64_t element, std::int64_t count) { use(row + column, element, count); });
  }

  const float* const source_;
  const std::int64_t source_columns_;
  const Columns& columns_;
  const std::int64_t p_;
  Int8Scale scales_[kMostWidth] = {};
};

}  // namespace

void pack_int8(const float* source, std::int64_t rows, std::int64_t source_columns, const Columns& columns,
               const Range& panels, const PanelFormat& format, std::byte* target) {
  const std::int64_t width = columns.pass.panel_floats(columns.lanes);
  const int together = format.together();
  const int offset = format.elements == PanelElements::int8_quads ? kInt8Offset : 0;
  for (std::int64_t p = panels.begin; p < panels.end; ++p) {
    Int8Panel panel(source, source_columns, columns, p);
    panel.find_scales(rows);
    std::byte* const begin = target + p * width * format.panel_lane_bytes(rows);
    for (std::int64_t k = 0; k < rows; ++k) {
      panel.write_row(k, together, offset, begin + k / together * width * together + k % together);
    }
    panel.write_scales(begin + format.rows(rows) * width * together);
  }
}

}  // namespace rondo::fused
