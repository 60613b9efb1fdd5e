#include "cuda/persistent/planner/step_model.h"

#include <algorithm>
#include <cmath>

#include "cuda/model/hardware_constants.h"
#include "cuda/persistent/shape/exchange.h"
#include "cuda/persistent/shape/operand_kind.h"

namespace rondo {
namespace {

double overlapped(double a, double b) { return std::max(a, b) + kHardware.overlap * std::min(a, b); }

double per_scheduler(double warps) { return std::max(1.0, warps / kHardware.schedulers); }

/// How the products of a step take the rows of a team.
struct Passes {
  bool strict = false;
  double parts = 1;      ///< mma of one operand's product: 3 for tf32x3
  double row_tiles = 1;  ///< row tiles of each pass
  double count = 1;
  double repeats = 1;  ///< how often a step reads a weight
  double rows = 0;     ///< rows that a strict product multiplies
};

/// The rows that a strict product computes: the rows of the last group, which may have fewer, are rounded up to a power
/// of two.
double strict_rows(int rows, int together) {
  const int left = rows % together;
  int last = left == 0 ? 0 : 2;
  while (last < left) last *= 2;
  return rows - left + last;
}

Passes passes_of(const RecurrenceSpec& spec, const PersistentShape& shape) {
  return dispatch_operand(spec, [&]<typename Operand>(OperandTag<Operand>) {
    constexpr bool kStrict = std::is_same_v<Operand, float>;
    const int row_tiles = pass_tiles<Operand>(shape.kind, shape.row_tiles);
    const double count = std::ceil(static_cast<double>(shape.rows) / (row_tiles * device::kTileColumns));
    Passes passes{.strict = kStrict,
                  .parts = std::is_same_v<Operand, device::Tf32x3> ? 3.0 : 1.0,
                  .row_tiles = static_cast<double>(row_tiles),
                  .count = count,
                  .repeats = count};
    if (kStrict) {
      const int together = rows_together(recurrent_product(spec, shape).phases);
      passes.repeats = std::ceil(static_cast<double>(shape.rows) / together);
      passes.rows = strict_rows(shape.rows, together);
    }
    return passes;
  });
}

double product_ns(const RecurrenceSpec& spec, const PersistentShape& shape, const Passes& passes) {
  const RecurrentProduct product = recurrent_product(spec, shape);
  // Gates of gradients are multiplied one after the other, because each has other operands.
  const double turns = product.backward ? product.gates : 1;
  const double tiles = turns * shape.warp_tiles();
  const double octets = product.gates / turns * shape.octets;
  double clocks = 0;
  if (passes.strict) {
    const double slots = std::ceil(octets * kOctetUnits / device::kWarpLanes);
    clocks = passes.rows * slots * device::kTileWords * tiles * per_scheduler(shape.warps()) * kHardware.fma_overhead;
  } else {
    const double vectors = std::ceil(octets / 2);
    const double warps = per_scheduler(shape.warps());
    const double rate = passes.parts * vectors * passes.row_tiles * kHardware.mma_clocks * warps;
    const double words = passes.parts > 1 ? 4 * vectors + 2 * passes.row_tiles : 0;  // words that a warp splits
    const double issue = overlapped(rate, words * kHardware.split_clocks * warps);
    clocks = passes.count * tiles * std::max(issue, passes.parts * kHardware.mma_latency_clocks);
  }
  return clocks / kHardware.clocks_per_ns;
}

double shared_memory_ns(const PersistentShape& shape, const BlockBytes& bytes, const Passes& passes) {
  const double places = shape.kind == PersistentKind::cluster ? 2 : 1;
  const double operands = shape.unit_warps * static_cast<double>(bytes.operands) / places;
  const double sums = 2.0 * static_cast<double>(bytes.sums);
  const double readings = shape.streams == Streams::once ? 1 : passes.repeats;
  const double weights = passes.repeats * static_cast<double>(bytes.shared_weights) +
                         readings * static_cast<double>(bytes.streamed_weights);
  return (passes.count * (operands + sums) + weights) / kHardware.shared_bytes_per_clock / kHardware.clocks_per_ns;
}

/// What an exchange has of the words that it has room for: the candidate's dG is one gate, and that of the others more.
double part_pushed(const PersistentShape& shape) {
  return shape.candidate_apart ? 0.5 * shape.pushed_gates / (shape.pushed_gates - 1) : 1.0;
}

/// What a phase of a step reads from peers or from L2: h, for every warp that multiplies it, or sums, and streamed
/// weights.
double incoming_ns(const PersistentShape& shape, const BlockBytes& bytes, const Passes& passes) {
  const double words = shape.scatters() ? shape.blocks * shape.units() : part_pushed(shape) * shape.row_words();
  const double pushed_bytes = 4.0 * shape.rows * words;
  const double readings = shape.streams == Streams::once ? 1 : passes.repeats;
  double incoming = readings * static_cast<double>(bytes.streamed_weights);
  if (shape.kind == PersistentKind::grid) {
    const double room = static_cast<double>(exchange_bytes(shape));
    const double exchanged = part_pushed(shape) * room * shape.rows / shape.padded_rows();
    incoming += exchanged * (passes.strict ? 1 : shape.unit_warps);
  }
  const double blocks = static_cast<double>(shape.blocks) * shape.teams;
  // All teams stream the same weights, which are read from L2 if all of them fit there.
  const double streamed = static_cast<double>(shape.blocks) * static_cast<double>(bytes.streamed_weights);
  const double from_memory = streamed <= kHardware.l2_bytes ? 0.0 : readings * streamed / kHardware.memory_bytes_per_ns;
  const double from_peers = shape.kind == PersistentKind::cluster ? pushed_bytes / kHardware.cluster_bytes_per_ns : 0.0;
  return from_peers + std::max({incoming / kHardware.l2_bytes_per_ns_per_processor,
                                incoming * blocks / kHardware.l2_bytes_per_ns, from_memory});
}

/// The time of x W of all passes of a step, which overlaps the wait for h. It does not include the reading of the sums.
double input_work_ns(const RecurrenceSpec& spec, const PersistentShape& shape, const BlockBytes& bytes,
                     const Passes& passes) {
  const PersistentShape inputs = shape.of_inputs();
  Passes of_inputs = passes;
  if (passes.strict) {
    of_inputs.rows = strict_rows(shape.rows, 2);
    of_inputs.repeats = of_inputs.rows / 2;
  }
  const double shared = (of_inputs.repeats * static_cast<double>(bytes.input_weights) +
                         passes.count * static_cast<double>(bytes.input_sums)) /
                        kHardware.shared_bytes_per_clock / kHardware.clocks_per_ns;
  const double rows_and_words = static_cast<double>(shape.rows) * inputs.warp_tiles() * device::kTileWords;
  const double copies = rows_and_words / device::kWarpLanes * kHardware.copy_clocks * per_scheduler(inputs.warps()) /
                        kHardware.clocks_per_ns;
  // Rows of an odd number of 16-bit elements do not begin at words.
  const bool odd = size_of(spec.dtype) == 2 && spec.I % 2 == 1;
  const double elements = odd ? std::ceil(shape.rows / 4.0) * std::ceil(inputs.warp_tiles() / 2.0) : 0.0;
  return overlapped(product_ns(spec, inputs, of_inputs), shared) + copies + elements * kHardware.element_ns;
}

/// What x W adds to a step: the part that the wait for h does not hide, and the reading of its sums.
double inputs_ns(const RecurrenceSpec& spec, const PersistentShape& shape, const BlockBytes& bytes,
                 const Passes& passes, double waiting) {
  if (!shape.multiplies_inputs()) return 0;
  const double reading =
      static_cast<double>(bytes.input_sums) / kHardware.shared_bytes_per_clock / kHardware.clocks_per_ns;
  return std::max(0.0, input_work_ns(spec, shape, bytes, passes) - waiting) +
         passes.count * (kHardware.input_latency_ns + reading);
}

/// The time of an exchange, without its bytes.
double exchange_ns(const PersistentShape& shape, const Passes& passes) {
  switch (shape.kind) {
    case PersistentKind::block: return kHardware.block_exchange_ns;
    // Sums of up to 16 blocks take longer to add up than those of 8 warps.
    case PersistentKind::cluster:
      return kHardware.cluster_exchange_ns + (shape.scatters() ? kHardware.block_exchange_ns : 0.0);
    case PersistentKind::grid: break;
  }
  const double sums = passes.strict || shape.sum_places == 2 ? 0.0 : passes.count * kHardware.block_exchange_ns;
  return kHardware.grid_exchange_ns + (shape.words == GridWords::alone ? kHardware.order_ns : 0.0) + sums +
         (passes.strict ? (passes.count - 1) * kHardware.strict_pass_ns : 0.0);
}

}  // namespace

double modelled_step_ns(const RecurrenceSpec& spec, const PersistentShape& shape, const BlockBytes& bytes) {
  const Passes passes = passes_of(spec, shape);
  const double phases = recurrent_product(spec, shape).phases;
  const double work = overlapped(product_ns(spec, shape, passes), shared_memory_ns(shape, bytes, passes));
  const double incoming = phases * incoming_ns(shape, bytes, passes);
  // Words of h of one pass arrive while another pass is multiplied.
  const bool ahead = passes.count > 1 && !passes.strict;
  const double exchange = exchange_ns(shape, passes);
  return phases * (exchange + passes.count * kHardware.latency_ns) +
         (ahead ? overlapped(incoming, work) : incoming + work) + inputs_ns(spec, shape, bytes, passes, exchange);
}

double start_ns(const PersistentShape& shape, const BlockBytes& bytes, double rounds) {
  const double of_block = static_cast<double>(bytes.register_weights + bytes.shared_weights + bytes.input_weights);
  const double of_team = of_block * shape.blocks;
  const double of_all = of_team * shape.teams / rounds;
  const double from_memory = of_team <= kHardware.l2_bytes ? 0.0 : of_team / kHardware.memory_bytes_per_ns;
  const double weights =
      std::max({of_block / kHardware.l2_bytes_per_ns_per_processor, of_all / kHardware.l2_bytes_per_ns, from_memory});
  const double cooperative = shape.kind == PersistentKind::grid ? kHardware.cooperative_ns : 0.0;
  return kHardware.launch_ns + cooperative + kHardware.ends_ns + rounds * weights;
}

}  // namespace rondo
