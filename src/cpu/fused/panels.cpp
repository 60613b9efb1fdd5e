#include "cpu/fused/panels.h"

#include <algorithm>
#include <array>

#include "cpu/fused/amx.h"
#include "cpu/fused/pack_memory.h"
#include "cpu/fused/pack_threads.h"
#include "cpu/fused/split.h"
#include "recurrence/dispatch_cell.h"
#include "recurrence/workspace.h"
#include "vocabulary/dispatch_dtype.h"

namespace rondo::fused {
namespace {

/// Maps the columns of a pass from the source, ordered by gate and then unit, to elements of a panel.
struct Columns {
  const Pass& pass;
  std::int64_t H;
  int lanes;

  /// Calls `move(source column, target element, count)` for the columns of panel `p`, in runs that are adjacent in
  /// both.
  template <typename Move>
  void for_each_run(std::int64_t p, Move&& move) const {
    const std::int64_t first = p * pass.panel_units(lanes);
    for (std::int64_t v = 0; v < pass.unit_vectors; ++v) {
      const std::int64_t u = first + v * lanes;
      const std::int64_t count = std::min<std::int64_t>(lanes, H - u);
      for (int gate = 0; gate < pass.gates && count > 0; ++gate) {
        move((pass.first_gate + gate) * H + u, (v * pass.gates + gate) * lanes, count);
      }
    }
  }
};

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

/// The fewest rows of a batch for which products of split numbers are faster than products of f32. Measured on one
/// Emerald Rapids core with a prototype, LSTM layers of 128 to 1024 units, the time of f32 divided by its time: 0.74 to
/// 0.89 with 1 row, 0.99 to 1.27 with 4, 1.49 to 1.98 with 16 and 1.77 to 2.11 with 64. The plan's B decides, and not a
/// run's or a thread's rows, so that bits depend on the plan alone.
constexpr std::int64_t kRowsWorthSplitting = 4;

bool asks_for(const RecurrenceSpec& spec, MatrixMath math) { return spec.dtype == DType::f32 && spec.math == math; }

/// The end of the name of a pack with these elements.
const char* name_of(PanelElements elements) {
  switch (elements) {
    case PanelElements::numbers: break;
    case PanelElements::bf16_pairs: return " lanes of pairs";
    case PanelElements::bf16_tiles: return " lanes of pairs for tiles";
    case PanelElements::split_tiles: return " lanes of split pairs for tiles";
  }
  return " lanes";
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

PanelFormat PanelFormat::of(const RecurrenceSpec& spec, const KernelTable& kernels) {
  const auto format = [&](PanelElements held, DType its_dtype) { return PanelFormat{kernels.lanes, held, its_dtype}; };
  if (spec.dtype == DType::bf16 || asks_for(spec, MatrixMath::bf16)) {
    if (kernels.tiles != nullptr) return format(PanelElements::bf16_tiles, DType::bf16);
    if (kernels.pair_product != nullptr) return format(PanelElements::bf16_pairs, DType::bf16);
  }
  const bool may_split = spec.dtype == DType::f16 || asks_for(spec, MatrixMath::bf16x3);
  if (may_split && kernels.tiles != nullptr && spec.B >= kRowsWorthSplitting) {
    return format(PanelElements::split_tiles, DType::bf16);
  }
  return format(PanelElements::numbers, spec.dtype);
}

ProductKernel PanelFormat::product(const KernelTable& kernels, int vectors) const {
  if (has_tiles()) return kernels.tiles->product(vectors, parts());
  return elements == PanelElements::bf16_pairs ? kernels.pair_product(vectors) : kernels.product(dtype, vectors);
}

std::string products_in_words(const RecurrenceSpec& spec, const PanelFormat& format, const KernelTable& kernels) {
  switch (format.elements) {
    case PanelElements::bf16_pairs: return "; products of pairs of bf16";
    case PanelElements::bf16_tiles: return "; products of bf16 on tile registers";
    case PanelElements::split_tiles: return "; products of numbers split into two bf16, on tile registers";
    case PanelElements::numbers: break;
  }
  if (asks_for(spec, MatrixMath::bf16)) return "; products are strict, because the instruction set has none of bf16";
  if (!asks_for(spec, MatrixMath::bf16x3)) return "";
  if (kernels.tiles != nullptr) {
    return "; products are strict, because with fewer than " + std::to_string(kRowsWorthSplitting) +
           " rows bf16x3 takes longer";
  }
  const std::string& obstacle = amx_permission().obstacle;
  return "; products are strict, because bf16x3 needs AMX" + (obstacle.empty() ? "" : ", and " + obstacle);
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
    const std::int64_t row_bytes = width * format_.lane_bytes();
    weights.recurrent_kernel = cutter.take<std::byte>(row_bytes * format_.rows(output_units(spec.cell)));
    weights.kernel = cutter.take<std::byte>(row_bytes * format_.rows(spec.I));
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
    constexpr std::integral_constant<int, 1> kAlone;
    constexpr std::integral_constant<int, 2> kPairs;
    const auto pack_bias = [&](const void* bias, const Columns& columns, const float* target) {
      pack(kAlone, bias, {1, 1}, columns, const_cast<float*>(target),
           [](Element weight) { return convert_element<float>(weight); });
    };
    const auto pack_kernel = [&](const void* matrix, std::int64_t K, const Columns& columns, const std::byte* target) {
      auto* const elements = const_cast<std::byte*>(target);
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
