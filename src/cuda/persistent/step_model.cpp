#include "cuda/persistent/step_model.h"

#include <algorithm>

#include "cuda/persistent/operand_kind.h"

namespace rondo {
namespace {

// Of an H200 and an H100. docs/performance.md says which of these are measured.
constexpr double kClocksPerNs = 1.755;
constexpr double kSchedulers = 4;             // of a multiprocessor
constexpr double kMmaClocks = 8;              // from one mma of a scheduler to its next
constexpr double kMmaLatencyClocks = 33;      // from an mma to the next one that adds to its sums
constexpr double kFmaOverhead = 1.3;          // reads of h between the FMAs
constexpr double kSharedBytesPerClock = 128;  // of a multiprocessor
constexpr double kLatencyNs = 200;            // sums to threads, gates, words of h
constexpr double kBlockExchangeNs = 30;
constexpr double kClusterExchangeNs = 250;
constexpr double kClusterBytesPerNs = 28;  // that a block pushes, and that come in
constexpr double kGridExchangeNs = 700;
constexpr double kL2BytesPerNs = 5500;  // to all multiprocessors
constexpr double kL2BytesPerNsPerProcessor = 112;
constexpr double kOverlap = 0.3;  // of the shorter one of two that share an issue slot

double per_scheduler(double warps) { return std::max(1.0, warps / kSchedulers); }

template <typename Operand>
double product_clocks(const RecurrenceSpec& spec, const PersistentShape& shape) {
  const double tiles = shape.warp_tiles();
  const double gates = gate_count(spec.cell.kind);
  if constexpr (std::is_same_v<Operand, float>) {
    const double pairs = std::max(1.0, gates * kTileUnits / device::kWarpLanes);
    return shape.rows * pairs * device::kTileWords * tiles * per_scheduler(shape.warps()) * kFmaOverhead;
  } else {
    const double rate = tiles * gates * shape.row_tiles * kMmaClocks * per_scheduler(shape.warps());
    return std::max(rate, tiles * kMmaLatencyClocks);
  }
}

double shared_clocks(const RecurrenceSpec& spec, const PersistentShape& shape, const BlockBytes& bytes) {
  const double operands = bytes.operands > 0 ? shape.unit_warps * static_cast<double>(operand_bytes(shape)) : 0.0;
  const double sums =
      2.0 * sizeof(float) * shape.k_warps * shape.padded_rows() * shape.sum_stride(gate_count(spec.cell.kind));
  return (operands + sums + static_cast<double>(bytes.shared_weights)) / kSharedBytesPerClock;
}

double exchange_ns(const PersistentShape& shape) {
  const double h_bytes = 4.0 * shape.rows * shape.row_words();
  switch (shape.kind) {
    case PersistentKind::block: return kBlockExchangeNs;
    case PersistentKind::cluster: return kClusterExchangeNs + h_bytes / kClusterBytesPerNs;
    case PersistentKind::grid: break;
  }
  const double packet_bytes = 2.0 * h_bytes * shape.unit_warps;
  const double all_blocks = static_cast<double>(shape.blocks) * shape.teams;
  return kGridExchangeNs +
         std::max(packet_bytes / kL2BytesPerNsPerProcessor, packet_bytes * all_blocks / kL2BytesPerNs);
}

}  // namespace

double modelled_step_ns(const RecurrenceSpec& spec, const PersistentShape& shape, const BlockBytes& bytes) {
  const double product = dispatch_operand(
      spec, [&]<typename Operand>(OperandTag<Operand>) { return product_clocks<Operand>(spec, shape) / kClocksPerNs; });
  const double shared = shared_clocks(spec, shape, bytes) / kClocksPerNs;
  const bool two_phases = spec.cell.kind == CellKind::gru && !spec.cell.reset_after;
  return (two_phases ? 2.0 : 1.0) * (exchange_ns(shape) + kLatencyNs) + std::max(product, shared) +
         kOverlap * std::min(product, shared);
}

}  // namespace rondo
