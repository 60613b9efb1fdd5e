#include "cpu/fused/panel_format.h"

#include <algorithm>

#include "cpu/fused/amx.h"

namespace rondo::fused {
namespace {

/// The fewest rows of a batch for which products of split numbers are faster than products of f32. Measured on one
/// Emerald Rapids core with a prototype, LSTM layers of 128 to 1024 units, the time of f32 divided by its time: 0.74 to
/// 0.89 with 1 row, 0.99 to 1.27 with 4, 1.49 to 1.98 with 16 and 1.77 to 2.11 with 64. The plan's B decides, and not a
/// run's or a thread's rows, so that bits depend on the plan alone.
constexpr std::int64_t kRowsWorthSplitting = 4;

/// The fewest rows of a batch for which int8 is multiplied on tile registers. By the instructions' throughput (Intel's
/// optimisation manual) a tile of 1024 weights takes 16 cycles for up to 16 rows, and quads in vectors 8 cycles for
/// each row. The sums are the same integers.
constexpr std::int64_t kRowsWorthInt8Tiles = 3;

bool asks_for(const RecurrenceSpec& spec, MatrixMath math) { return spec.dtype == DType::f32 && spec.math == math; }

bool fits_int8(const RecurrenceSpec& spec) { return std::max(spec.I, output_units(spec.cell)) <= kMostInt8Rows; }

/// Why products are strict where a spec asks for others.
std::string why_strict(MatrixMath math, const KernelTable& kernels) {
  switch (math) {
    case MatrixMath::bf16: return "the instruction set has none of bf16";
    case MatrixMath::int8: return "in 8 bits a sum has at most " + std::to_string(kMostInt8Rows) + " products";
    case MatrixMath::bf16x3: break;
    default: return "";
  }
  if (kernels.tiles != nullptr) {
    return "with fewer than " + std::to_string(kRowsWorthSplitting) + " rows bf16x3 takes longer";
  }
  const std::string& obstacle = amx_permission().obstacle;
  return "bf16x3 needs AMX" + (obstacle.empty() ? "" : ", and " + obstacle);
}

}  // namespace

PanelFormat PanelFormat::of(const RecurrenceSpec& spec, const KernelTable& kernels) {
  const auto format = [&](PanelElements held, DType its_dtype) { return PanelFormat{kernels.lanes, held, its_dtype}; };
  if (asks_for(spec, MatrixMath::int8) && fits_int8(spec)) {
    const bool has_quads = kernels.int8_quads.product != nullptr;
    if (kernels.tiles != nullptr && spec.B >= kRowsWorthInt8Tiles) return format(PanelElements::int8_tiles, DType::u8);
    return format(has_quads ? PanelElements::int8_quads : PanelElements::int8_pairs, DType::u8);
  }
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

int PanelFormat::together() const {
  switch (elements) {
    case PanelElements::numbers: return 1;
    case PanelElements::int8_quads:
    case PanelElements::int8_tiles: return 4;
    default: return 2;
  }
}

std::int64_t PanelFormat::operand_stride(std::int64_t K) const {
  constexpr std::int64_t kLine = 16;
  if (!is_int8()) return parts() * rows(K) + kLine;
  const std::int64_t padded = (K + kMostLanes - 1) / kMostLanes * kMostLanes;  // to whole vectors
  return static_cast<std::int64_t>(sizeof(Int8Row) / sizeof(float)) + std::max(padded / together(), rows(K)) + kLine;
}

ProductKernel PanelFormat::product(const KernelTable& kernels, int vectors) const {
  if (elements == PanelElements::int8_tiles) {
    ProductKernel product = kernels.tiles->int8_product(vectors);
    product.finish = kernels.int8_quads.scale_sums(vectors);
    return product;
  }
  if (has_tiles()) return kernels.tiles->product(vectors, parts());
  if (is_int8()) return int8(kernels).product(vectors);
  return elements == PanelElements::bf16_pairs ? kernels.pair_product(vectors) : kernels.product(dtype, vectors);
}

const char* name_of(PanelElements elements) {
  switch (elements) {
    case PanelElements::numbers: break;
    case PanelElements::bf16_pairs: return " lanes of pairs";
    case PanelElements::bf16_tiles: return " lanes of pairs for tiles";
    case PanelElements::split_tiles: return " lanes of split pairs for tiles";
    case PanelElements::int8_pairs: return " lanes of pairs in 8 bits";
    case PanelElements::int8_quads: return " lanes of quads in 8 bits";
    case PanelElements::int8_tiles: return " lanes of quads in 8 bits for tiles";
  }
  return " lanes";
}

std::string products_in_words(const RecurrenceSpec& spec, const PanelFormat& format, const KernelTable& kernels) {
  switch (format.elements) {
    case PanelElements::bf16_pairs: return "; products of pairs of bf16";
    case PanelElements::bf16_tiles: return "; products of bf16 on tile registers";
    case PanelElements::split_tiles: return "; products of numbers split into two bf16, on tile registers";
    case PanelElements::int8_pairs: return "; products of 8 bits, two at a time";
    case PanelElements::int8_quads: return "; products of 8 bits, four at a time";
    case PanelElements::int8_tiles: return "; products of 8 bits on tile registers";
    case PanelElements::numbers: break;
  }
  const std::string reason = spec.dtype == DType::f32 ? why_strict(spec.math, kernels) : "";
  return reason.empty() ? "" : "; products are strict, because " + reason;
}

}  // namespace rondo::fused
