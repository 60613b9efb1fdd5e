#include "cuda/persistent/step_model.h"

#include <algorithm>
#include <cmath>

#include "cuda/persistent/exchange.h"
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
constexpr double kOrderNs = 100;        // a fence between words and room for others
constexpr double kStrictPassNs = 600;   // words that the next pass of a strict product waits for
constexpr double kL2BytesPerNs = 5500;  // to all multiprocessors
constexpr double kL2BytesPerNsPerProcessor = 112;
constexpr double kOverlap = 0.3;  // of the shorter one of two that share an issue slot

double overlapped(double a, double b) { return std::max(a, b) + kOverlap * std::min(a, b); }

double per_scheduler(double warps) { return std::max(1.0, warps / kSchedulers); }

/// How rows go through the products of a step.
struct Passes {
  bool strict = false;
  double row_tiles = 1;  ///< of each
  double count = 1;
  double repeats = 1;  ///< times that a weight is read
};

Passes passes_of(const RecurrenceSpec& spec, const PersistentShape& shape) {
  return dispatch_operand(spec, [&]<typename Operand>(OperandTag<Operand>) {
    constexpr bool kStrict = std::is_same_v<Operand, float>;
    const int row_tiles = pass_tiles<Operand>(shape.kind, shape.row_tiles);
    const double count = std::ceil(static_cast<double>(shape.rows) / (row_tiles * device::kTileColumns));
    return Passes{kStrict, static_cast<double>(row_tiles), count, kStrict ? std::ceil(shape.rows / 2.0) : count};
  });
}

double product_ns(const RecurrenceSpec& spec, const PersistentShape& shape, const Passes& passes) {
  const double tiles = shape.warp_tiles();
  const double octets = gate_count(spec.cell.kind) * shape.octets;
  double clocks = 0;
  if (passes.strict) {
    const double slots = std::ceil(octets * kOctetUnits / device::kWarpLanes);
    clocks = shape.rows * slots * device::kTileWords * tiles * per_scheduler(shape.warps()) * kFmaOverhead;
  } else {
    const double rate = std::ceil(octets / 2) * passes.row_tiles * kMmaClocks * per_scheduler(shape.warps());
    clocks = passes.count * tiles * std::max(rate, kMmaLatencyClocks);
  }
  return clocks / kClocksPerNs;
}

double shared_memory_ns(const PersistentShape& shape, const BlockBytes& bytes, const Passes& passes) {
  const double places = shape.kind == PersistentKind::cluster ? 2 : 1;
  const double operands = shape.unit_warps * static_cast<double>(bytes.operands) / places;
  const double sums = 2.0 * static_cast<double>(bytes.sums);
  const double weights = static_cast<double>(bytes.shared_weights + bytes.streamed_weights);
  return (passes.count * (operands + sums) + passes.repeats * weights) / kSharedBytesPerClock / kClocksPerNs;
}

/// What comes out of L2 in a step: h, for every warp that multiplies it, and streamed weights.
double incoming_ns(const PersistentShape& shape, const BlockBytes& bytes, const Passes& passes) {
  const double h_bytes = 4.0 * shape.rows * shape.row_words();
  double incoming = passes.repeats * static_cast<double>(bytes.streamed_weights);
  if (shape.kind == PersistentKind::grid) {
    incoming += h_bytes * (numbered_words(shape.row_tiles) ? 2 : 1) * (passes.strict ? 1 : shape.unit_warps);
  }
  const double blocks = static_cast<double>(shape.blocks) * shape.teams;
  const double from_peers = shape.kind == PersistentKind::cluster ? h_bytes / kClusterBytesPerNs : 0.0;
  return from_peers + std::max(incoming / kL2BytesPerNsPerProcessor, incoming * blocks / kL2BytesPerNs);
}

/// Without the bytes.
double exchange_ns(const PersistentShape& shape, const Passes& passes) {
  switch (shape.kind) {
    case PersistentKind::block: return kBlockExchangeNs;
    case PersistentKind::cluster: return kClusterExchangeNs;
    case PersistentKind::grid: break;
  }
  return kGridExchangeNs + (numbered_words(shape.row_tiles) ? 0.0 : kOrderNs) +
         (passes.strict ? (passes.count - 1) * kStrictPassNs : 0.0);
}

}  // namespace

double modelled_step_ns(const RecurrenceSpec& spec, const PersistentShape& shape, const BlockBytes& bytes) {
  const Passes passes = passes_of(spec, shape);
  const double phases = spec.cell.kind == CellKind::gru && !spec.cell.reset_after ? 2 : 1;
  const double work = overlapped(product_ns(spec, shape, passes), shared_memory_ns(shape, bytes, passes));
  const double incoming = phases * incoming_ns(shape, bytes, passes);
  // h of one pass comes while another one is multiplied.
  const bool ahead = passes.count > 1 && !passes.strict;
  return phases * (exchange_ns(shape, passes) + passes.count * kLatencyNs) +
         (ahead ? overlapped(incoming, work) : incoming + work);
}

}  // namespace rondo
