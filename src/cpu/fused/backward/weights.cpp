#include "cpu/fused/backward/weights.h"

#include <algorithm>

#include "cpu/fused/pack_memory.h"
#include "cpu/fused/pack_threads.h"
#include "recurrence/workspace.h"
#include "vocabulary/dispatch_dtype.h"

namespace rondo::fused {
namespace {

/// Writes the columns of a gate in a few rows of the matrix as rows of a panel. Blocks are small, because rows whose
/// distance is a power of two share few sets of a cache.
template <typename Element>
void transpose_block(const Element* source, std::int64_t source_stride, std::int64_t rows, std::int64_t columns,
                     std::int64_t panel, Element* target) {
  for (std::int64_t column = 0; column < columns; ++column) {
    for (std::int64_t row = 0; row < rows; ++row) target[column * panel + row] = source[row * source_stride + column];
  }
}

/// The columns of a matrix that is transposed: gates of `units` columns, which in panels lie `stride` apart.
struct SourceColumns {
  std::int64_t gates;
  std::int64_t units;
  std::int64_t stride;
  std::int64_t panel;  ///< rows of the matrix that a panel has
};

/// Packs some rows of a matrix (rows, gates units) as [panel of its rows][gate * stride + unit][row of the panel]. The
/// target must be zeros, since padding is not written.
template <typename Element>
void pack_transposed(const Element* source, const Range& rows, const SourceColumns& shape, Element* target) {
  constexpr std::int64_t kRows = 8;
  constexpr std::int64_t kColumns = 16;
  const std::int64_t panel_size = shape.gates * shape.stride * shape.panel;
  const std::int64_t stride = shape.gates * shape.units;
  for (std::int64_t row = rows.begin; row < rows.end; row += kRows) {
    Element* const panel = target + row / shape.panel * panel_size + row % shape.panel;
    for (std::int64_t gate = 0; gate < shape.gates; ++gate) {
      for (std::int64_t u = 0; u < shape.units; u += kColumns) {
        transpose_block(source + row * stride + gate * shape.units + u, stride, std::min(kRows, rows.end - row),
                        std::min(kColumns, shape.units - u), shape.panel,
                        panel + (gate * shape.stride + u) * shape.panel);
      }
    }
  }
}

}  // namespace

TransposedWeights::TransposedWeights(const RunnerRequest& request, const GradientShape& shape, int lanes) {
  const std::size_t bytes = lay_out(request.spec, shape, nullptr);
  bytes_ = static_cast<std::int64_t>(bytes);
  const auto fill = [bytes, shape, spec = request.spec, weights = request.weights,
                     threads = PackThreads(request.properties.processors)](const Tensor& memory) {
    TransposedWeights packed;
    packed.lay_out(spec, shape, first_byte_of_pack(memory, bytes));
    dispatch_dtype(spec.dtype, [&]<typename Element>(ElementTag<Element>) {
      const auto pack = [&](const void* source, std::int64_t rows, const SourceColumns& columns, std::byte* target) {
        const std::int64_t panels = (rows + shape.panel - 1) / shape.panel;
        const std::int64_t size = rows * columns.gates * columns.units * static_cast<std::int64_t>(sizeof(Element));
        threads.run(panels, size, [&](const Range& range) {
          pack_transposed(static_cast<const Element*>(source),
                          {range.begin * shape.panel, std::min(rows, range.end * shape.panel)}, columns,
                          reinterpret_cast<Element*>(target));
        });
      };
      const SourceColumns gates{shape.gates, shape.H, shape.gate_stride, shape.panel};
      pack(weights.kernel, shape.I, gates, packed.kernel_);
      pack(weights.recurrent_kernel, shape.P, gates, packed.recurrent_kernel_);
      if (shape.projects) pack(weights.projection, shape.H, {1, shape.P, shape.P, shape.panel}, packed.projection_);
    });
  };
  pack_ = packed(request, {.key = "transposed panels of " + std::to_string(lanes) + " lanes",
                           .allocate = [bytes, device = request.spec.device] { return allocate_pack(bytes, device); },
                           .fill = fill});
  lay_out(request.spec, shape, first_byte_of_pack(pack_->memory(), bytes));
}

// Assigns memory, and counts its bytes; with a null `base` counts alone.
std::size_t TransposedWeights::lay_out(const RecurrenceSpec& spec, const GradientShape& shape, void* base) {
  rows_ = shape.gates * shape.gate_stride;
  gate_stride_ = shape.gate_stride;
  row_bytes_ = shape.panel * static_cast<std::int64_t>(size_of(spec.dtype));
  panel_bytes_ = rows_ * row_bytes_;
  WorkspaceCutter cutter(base);
  recurrent_kernel_ = cutter.take<std::byte>(shape.h_panels() * panel_bytes_);
  kernel_ = cutter.take<std::byte>(shape.input_panels() * panel_bytes_);
  projection_rows_ = shape.projects ? shape.P : 0;
  projection_panel_bytes_ = projection_rows_ * row_bytes_;
  projection_ = cutter.take<std::byte>(shape.unit_panels() * projection_panel_bytes_);
  return cutter.used();
}

PanelMatrix TransposedWeights::recurrent_kernel(std::int64_t first, std::int64_t last) const {
  return matrix(recurrent_kernel_ + first * gate_stride_ * row_bytes_, (last - first) * gate_stride_);
}

}  // namespace rondo::fused
