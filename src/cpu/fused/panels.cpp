#include "cpu/fused/panels.h"

#include <algorithm>
#include <array>

#include "cpu/fused/int8_panels.h"
#include "cpu/fused/pack_memory.h"
#include "cpu/fused/pack_threads.h"
#include "cpu/fused/panel_columns.h"
#include "recurrence/dispatch_cell.h"
#include "recurrence/workspace.h"
#include "vocabulary/dispatch_dtype.h"

namespace rondo::fused {
namespace {

/// Packs some panels of a matrix (rows, G H) as [panel][k][vector][lane][kTogether]: each kTogether rows of the matrix
/// lie side by side. The target must be zeros, since padding is not written.
template <int kTogether, typename Element, typename Source>
void pack_matrix(const Source* source, std::int64_t rows, std::int64_t source_columns, const Columns& columns,
                 const Range& panels, Element* target) {
  const std::int64_t width = columns.pass.panel_floats(columns.lanes);
  const std::int64_t packed_rows = (rows + kTogether - 1) / kTogether;
  for (std::int64_t p = panels.begin; p < panels.end; ++p) {
    for (std::int64_t k = 0; k < rows; ++k) {
      const Source* const from = source + k * source_columns;
      Element* const to = target + (p * packed_rows + k / kTogether) * width * kTogether + k % kTogether;
      columns.for_each_run(p, [&](std::int64_t column, std::int64_t element, std::int64_t count) {
        for (std::int64_t i = 0; i < count; ++i) {
          to[(element + i) * kTogether] = convert_element<Element>(from[column + i]);
        }
      });
    }
  }
}

/// The end of the name of a pack with these elements.
const char* name_of(PanelElements elements) {
  switch (elements) {
    case PanelElements::numbers: break;
    case PanelElements::bf16_pairs: return " lanes of pairs";
    case PanelElements::int8_pairs: return " lanes of pairs in 8 bits";
    case PanelElements::int8_quads: return " lanes of quads in 8 bits";
  }
  return " lanes";
}

bool wants_int8(const RecurrenceSpec& spec) { return spec.dtype == DType::f32 && spec.math == MatrixMath::int8; }

bool fits_int8(const RecurrenceSpec& spec) { return std::max(spec.I, output_units(spec.cell)) <= kMostInt8Rows; }

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
  if (wants_int8(spec) && fits_int8(spec)) {
    const bool has_quads = kernels.int8_quads.product != nullptr;
    return {kernels.lanes, has_quads ? PanelElements::int8_quads : PanelElements::int8_pairs, DType::u8};
  }
  const bool wants_bf16 = spec.dtype == DType::bf16 || (spec.dtype == DType::f32 && spec.math == MatrixMath::bf16);
  if (wants_bf16 && kernels.pair_product != nullptr) return {kernels.lanes, PanelElements::bf16_pairs, DType::bf16};
  return {kernels.lanes, PanelElements::numbers, spec.dtype};
}

std::int64_t PanelFormat::operand_stride(std::int64_t K) const {
  constexpr std::int64_t kLine = 16;
  if (!is_int8()) return rows(K) + kLine;
  const std::int64_t padded = (K + kMostLanes - 1) / kMostLanes * kMostLanes;  // to whole vectors
  return static_cast<std::int64_t>(sizeof(Int8Row) / sizeof(float)) + padded / together() + kLine;
}

ProductKernel PanelFormat::product(const KernelTable& kernels, int vectors) const {
  switch (elements) {
    case PanelElements::bf16_pairs: return kernels.pair_product(vectors);
    case PanelElements::int8_pairs:
    case PanelElements::int8_quads: return int8(kernels).product(vectors);
    case PanelElements::numbers: break;
  }
  return kernels.product(dtype, vectors);
}

std::string products_in_words(const RecurrenceSpec& spec, const PanelFormat& format) {
  if (format.has_pairs()) return "; products of pairs of bf16";
  if (format.elements == PanelElements::int8_quads) return "; products of 8 bits, four at a time";
  if (format.elements == PanelElements::int8_pairs) return "; products of 8 bits, two at a time";
  if (wants_int8(spec)) {
    return "; products are strict, because in 8 bits a sum has at most " + std::to_string(kMostInt8Rows) + " products";
  }
  if (spec.dtype == DType::f32 && spec.math == MatrixMath::bf16) {
    return "; products are strict, because the instruction set has none of bf16";
  }
  return "";
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
    const auto pack = [&]<int kTogether>(std::integral_constant<int, kTogether>, const void* matrix, std::int64_t rows,
                                         const Columns& columns, auto* target) {
      if (matrix == nullptr) return;
      const std::int64_t panels = columns.pass.panels(H, format_.lanes);
      const std::int64_t bytes =
          panels * columns.pass.panel_floats(format_.lanes) * rows * static_cast<std::int64_t>(sizeof *target);
      threads.run(panels, bytes, [&](const Range& range) {
        pack_matrix<kTogether>(static_cast<const Element*>(matrix), rows, source_columns, columns, range, target);
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
    const auto pack_kernel = [&](const void* matrix, std::int64_t rows, const Columns& columns,
                                 const std::byte* target) {
      auto* const elements = const_cast<std::byte*>(target);
      if constexpr (std::is_same_v<Element, float>) {
        if (format_.is_int8()) return pack_in_8_bits(static_cast<const float*>(matrix), rows, columns, elements);
      }
      if (format_.has_pairs()) return pack(kPairs, matrix, rows, columns, reinterpret_cast<BFloat16*>(elements));
      pack(kAlone, matrix, rows, columns, reinterpret_cast<Element*>(elements));
    };
    for (std::size_t i = 0; i < passes_.size(); ++i) {
      const Columns columns{passes_of(spec.cell)[i], H, format_.lanes};
      const PassWeights& weights = passes_[i];
      pack_kernel(source.kernel, spec.I, columns, weights.kernel);
      pack_kernel(source.recurrent_kernel, output_units(spec.cell), columns, weights.recurrent_kernel);
      pack(kAlone, source.bias, 1, columns, const_cast<float*>(weights.bias));
      pack(kAlone, source.recurrent_bias, 1, columns, const_cast<float*>(weights.recurrent_bias));
    }
  });
}

}  // namespace rondo::fused
