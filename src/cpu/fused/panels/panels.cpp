#include "cpu/fused/panels.h"

#include <algorithm>
#include <array>

#include "cpu/fused/int8_panels.h"
#include "cpu/fused/pack_memory.h"
#include "cpu/fused/pack_threads.h"
#include "cpu/fused/panel_columns.h"
#include "cpu/fused/split.h"
#include "recurrence/dispatch_cell.h"
#include "recurrence/workspace.h"
#include "vocabulary/dispatch_dtype.h"

namespace rondo::fused {
namespace {

/// The rows of a matrix, and those of its panels.
struct PackedRows {
  std::int64_t source;
  std::int64_t of_panel;
  int parts = 1;  ///< of a row of a panel
  int part = 0;   ///< the part that is packed
};

/// Packs some panels of a matrix (rows, G H) as [panel][k][part][vector][lane][kTogether]: each kTogether rows of the
/// matrix lie side by side. The target must be zeros, since padding is not written.
template <int kTogether, typename Element, typename Source, typename Convert>
void pack_matrix(const Source* source, const PackedRows& rows, std::int64_t source_columns, const Columns& columns,
                 const Range& panels, Element* target, const Convert& convert) {
  const std::int64_t width = columns.pass.panel_floats(columns.lanes) * kTogether;
  for (std::int64_t p = panels.begin; p < panels.end; ++p) {
    for (std::int64_t k = 0; k < rows.source; ++k) {
      const Source* const from = source + k * source_columns;
      const std::int64_t row = (p * rows.of_panel + k / kTogether) * rows.parts + rows.part;
      Element* const to = target + row * width + k % kTogether;
      columns.for_each_run(p, [&](std::int64_t column, std::int64_t element, std::int64_t count) {
        for (std::int64_t i = 0; i < count; ++i) to[(element + i) * kTogether] = convert(from[column + i]);
      });
    }
  }
}

template <typename Formula, int kPhase>
constexpr Pass kPass = {kPhase == 0 ? 0 : kPhaseGates<Formula, 0>, kPhaseGates<Formula, kPhase>,
                        kMostVectors / kPhaseGates<Formula, kPhase>};

template <typename Formula, int kCount = kPhases<Formula>>
constexpr std::array<Pass, 1> kPasses = {kPass<Formula, 0>};
template <typename Formula>
constexpr std::array<Pass, 2> kPasses<Formula, 2> = {kPass<Formula, 0>, kPass<Formula, 1>};

}  // namespace

std::span<const Pass> passes_of(const CellSpec& cell) {
  return dispatch_plain_cell(
      cell, []<typename Formula>(FormulaTag<Formula>) -> std::span<const Pass> { return kPasses<Formula>; });
}

std::int64_t padded_units(const CellSpec& cell, int lanes) {
  std::int64_t padded = 0;
  for (const Pass& pass : passes_of(cell)) {
    padded = std::max(padded, pass.panels(cell.units, lanes) * pass.panel_units(lanes));
  }
  return padded;
}

PackedWeights::PackedWeights(const RunnerRequest& request, const PanelFormat& format) : format_(format) {
  const std::size_t bytes = lay_out(request.spec, nullptr);
  bytes_ = static_cast<std::int64_t>(bytes);
  pack_ = packed(request, {.key = "panels of " + std::to_string(format.lanes) + name_of(format.elements),
                           .allocate = [bytes, device = request.spec.device] { return allocate_pack(bytes, device); },
                           .fill =
                               [bytes, format, spec = request.spec, weights = request.weights,
                                threads = PackThreads(request.properties.processors)](const Tensor& memory) {
                                 PackedWeights packed(format);
                                 packed.lay_out(spec, first_byte_of_pack(memory, bytes));
                                 packed.fill(spec, weights, threads);
                               }});
  lay_out(request.spec, first_byte_of_pack(pack_->memory(), bytes));
}

// Assigns memory to the passes, and counts its bytes; with a null `base` counts alone.
std::size_t PackedWeights::lay_out(const RecurrenceSpec& spec, void* base) {
  WorkspaceCutter cutter(base);
  passes_.clear();
  for (const Pass& pass : passes_of(spec.cell)) {
    PassWeights& weights = passes_.emplace_back();
    weights.panels = pass.panels(spec.cell.units, format_.lanes);
    const std::int64_t width = weights.panels * pass.panel_floats(format_.lanes);
    weights.recurrent_kernel = cutter.take<std::byte>(width * format_.panel_lane_bytes(output_units(spec.cell)));
    weights.kernel = cutter.take<std::byte>(width * format_.panel_lane_bytes(spec.I));
    weights.bias = cutter.take<float>(width);
    const auto* recurrent_bias = cutter.take<float>(width);
    if (bias_rows(spec.cell) == 2) weights.recurrent_bias = recurrent_bias;
  }
  return cutter.used();
}

void PackedWeights::fill(const RecurrenceSpec& spec, const WeightBuffers& source, const PackThreads& threads) const {
  const std::int64_t H = spec.cell.units;
  const std::int64_t source_columns = gate_count(spec.cell.kind) * H;
  dispatch_dtype(spec.dtype, [&]<typename Element>(ElementTag<Element>) {
    const auto pack = [&]<int kTogether, typename Target>(std::integral_constant<int, kTogether>, const void* matrix,
                                                          const PackedRows& rows, const Columns& columns,
                                                          Target* target, const auto& convert) {
      if (matrix == nullptr) return;
      const std::int64_t panels = columns.pass.panels(H, format_.lanes);
      const std::int64_t bytes =
          panels * columns.pass.panel_floats(format_.lanes) * rows.source * static_cast<std::int64_t>(sizeof(Target));
      threads.run(panels, bytes, [&](const Range& range) {
        pack_matrix<kTogether>(static_cast<const Element*>(matrix), rows, source_columns, columns, range, target,
                               convert);
      });
    };
    const auto pack_in_8_bits = [&](const float* matrix, std::int64_t rows, const Columns& columns, std::byte* target) {
      const std::int64_t panels = columns.pass.panels(H, format_.lanes);
      const std::int64_t bytes = panels * columns.pass.panel_floats(format_.lanes) * format_.panel_lane_bytes(rows);
      threads.run(panels, bytes, [&](const Range& range) {
        pack_int8(matrix, rows, source_columns, columns, range, format_, target);
      });
    };
    constexpr std::integral_constant<int, 1> kAlone;
    constexpr std::integral_constant<int, 2> kPairs;
    const auto pack_bias = [&](const void* bias, const Columns& columns, const float* target) {
      pack(kAlone, bias, {1, 1}, columns, const_cast<float*>(target),
           [](Element weight) { return convert_element<float>(weight); });
    };
    const auto pack_kernel = [&](const void* matrix, std::int64_t K, const Columns& columns, const std::byte* target) {
      auto* const elements = const_cast<std::byte*>(target);
      if constexpr (std::is_same_v<Element, float>) {
        if (format_.is_int8()) return pack_in_8_bits(static_cast<const float*>(matrix), K, columns, elements);
      }
      auto* const pairs = reinterpret_cast<BFloat16*>(elements);
      const std::int64_t rows = format_.rows(K);
      if (format_.is_split()) {
        pack(kPairs, matrix, {K, rows, 2, 0}, columns, pairs,
             [](Element weight) { return split(convert_element<float>(weight)).high; });
        pack(kPairs, matrix, {K, rows, 2, 1}, columns, pairs,
             [](Element weight) { return split(convert_element<float>(weight)).low; });
      } else if (format_.together() == 2) {
        pack(kPairs, matrix, {K, rows}, columns, pairs,
             [](Element weight) { return convert_element<BFloat16>(weight); });
      } else {
        pack(kAlone, matrix, {K, rows}, columns, reinterpret_cast<Element*>(elements),
             [](Element weight) { return weight; });
      }
    };
    for (std::size_t i = 0; i < passes_.size(); ++i) {
      const Columns columns{passes_of(spec.cell)[i], H, format_.lanes};
      const PassWeights& weights = passes_[i];
      pack_kernel(source.kernel, spec.I, columns, weights.kernel);
      pack_kernel(source.recurrent_kernel, output_units(spec.cell), columns, weights.recurrent_kernel);
      pack_bias(source.bias, columns, weights.bias);
      pack_bias(source.recurrent_bias, columns, weights.recurrent_bias);
    }
  });
}

}  // namespace rondo::fused
