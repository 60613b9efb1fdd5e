/// One launch for the whole sequence. The recurrent kernel stays in registers and shared memory, states stay in
/// registers, and blocks of a team tell each other h once in each step:
///
///     push the initial h, if there is one
///     for s in the steps at which some row of the team is live:
///       [wait for h of all passes;  sums = the part of h U whose weights are streamed]     where that is done once
///       [x sums = x W, each warp a part]                                                   where a kernel makes it
///       [wait for h;  sums = h U, each warp a part]                                        not where h is zeros yet
///       x W + b
///       barrier
///       [r * h; push it, wait for it; sums = (r * h) U for the candidate; barrier]         a GRU that resets before it
///       h, c = formula(x W + b, sums, h, c) in live rows;  push the h that the next step shall find
///       [reserve = the gates, and the states before the step]                             where the run keeps them
///       y[write time] = what the row emits;  h, c = those of a reset where the row begins a piece at the next step
///
/// Where a team has more rows than a product takes, each line runs for one pass of rows after the other, and h of one
/// pass is in flight while the next pass is multiplied.
///
/// The kernel asks for the inputs of a step one step ahead. In steps outside of that range it writes y alone. A block
/// whose wait is given up pushes nothing that depends on that wait, and fills what it has not written with NaN
/// (block_stall.cuh).
///
/// Between the product of x and the reading of its sums, each pass has one barrier of the block: the barrier after the
/// product of h or, where h is zeros, a barrier of its own. A fast warp may write sums of x of the next pass while a
/// slow warp still reads the sums of this pass. The fast warp writes the sums of the pass after the next one when all
/// warps have arrived at the next barrier, and a warp that arrives there has read its sums. Two places for these sums,
/// used alternately, are therefore enough.
#pragma once

#include "cuda/device/async_copy.cuh"
#include "cuda/persistent/kernel/block_exchange.cuh"
#include "cuda/persistent/kernel/block_memory.cuh"
#include "cuda/persistent/kernel/cluster_exchange.cuh"
#include "cuda/persistent/kernel/fma_product.cuh"
#include "cuda/persistent/kernel/grid_exchange.cuh"
#include "cuda/persistent/kernel/input_stream.cuh"
#include "cuda/persistent/kernel/mma_product.cuh"
#include "cuda/persistent/kernel/row_passes.cuh"
#include "cuda/persistent/kernel/threes_exchange.cuh"
#include "cuda/persistent/kernel/unit_rows.cuh"
#include "recurrence/buffers.h"

namespace rondo {

template <typename Formula, typename Operand, typename Sizes>
struct ProductOf {
  using Type = MmaProduct<Formula, Operand, Sizes>;
};
template <typename Formula, typename Sizes>
struct ProductOf<Formula, float, Sizes> {
  using Type = FmaProduct<Formula, Sizes>;
};

/// `Run` is PersistentRun, with KeepsNothing, or KeepingRun, with KeepsReserve.
template <typename Formula, typename Operand, typename Exchange, int kOctets, int kRowTiles,
          Streams kStreams = Streams::each_pass, typename Run = PersistentRun<typename OperandTraits<Operand>::Element>,
          template <typename, typename> typename Keeper = KeepsNothing>
__global__ void __launch_bounds__(kPersistentThreads, 1) persistent_kernel(const __grid_constant__ Run run) {
  using Element = typename OperandTraits<Operand>::Element;
  // Compute capability 9.0 is the first with clusters, and for 8.0 the compiler has no registers for the sums of two
  // passes.
  constexpr bool kNewer = Exchange::kKind == PersistentKind::cluster || kStreams == Streams::once;
  if constexpr (kNewer && !device::kHasClusters) return;
  constexpr int kPassTiles = pass_tiles<Operand>(Exchange::kKind, kRowTiles);
  constexpr int kPassRows = kPassTiles * device::kTileColumns;
  constexpr bool kKeeps = kWritesReserve<Keeper<Formula, Element>>;
  using Sizes = ProductSizes<Exchange, kOctets, kPassTiles, kRowTiles, kStreams, kKeeps>;
  using Product = typename ProductOf<Formula, Operand, Sizes>::Type;
  using Counts =
      PassCounts<kRowTiles / kPassTiles, kPassRows, thread_rows<Exchange::kKind, kOctets, kRowTiles>(kPassRows),
                 known_units(Exchange::kKind, kOctets, kRowTiles)>;
  // With one pass, a thread asks for the words of other blocks straight after its own push, so that they arrive while
  // it writes y. A kernel that multiplies x at that time has no registers for such words.
  constexpr bool kAsksEarly = Counts::kPasses == 1 && Exchange::kInFlight;
  const PersistentShape& shape = run.shape;
  const bool asks_early = kAsksEarly && !shape.multiplies_inputs();
  const int thread = static_cast<int>(device::thread_index().x);
  const int team = static_cast<int>(device::block_index().x) / shape.blocks;
  const int block = static_cast<int>(device::block_index().x) % shape.blocks;
  const std::int32_t first_row = team * shape.rows;
  const std::int32_t rows_left = static_cast<std::int32_t>(run.schedule.B) - first_row;
  const int team_rows = rows_left < shape.rows ? rows_left : shape.rows;

  const BlockNeeds needs = block_needs<Formula, Operand, kOctets>(shape);
  const BlockMemory memory{device::shared_memory(), run.layout};
  memory.clear(shape.threads());
  const StepRange range = run.schedule.steps_to_compute(first_row, team_rows);
  // Then there is nothing to push and to multiply.
  bool h_is_zeros = run.initial_h.data == nullptr && (run.schedule.resets == nullptr || run.piece_h.data == nullptr);
  const int warp = thread / device::kWarpLanes;
  InputStream<Formula, Operand, typename Product::Layout, Counts> inputs(
      run, memory.base, {.first_row = first_row, .rows = team_rows, .steps = range});
  if (shape.multiplies_inputs()) inputs.begin(block);
  Product product(run.weights + std::int64_t{block * shape.warps() + warp} * shape.warp_tiles() * Product::kVectors *
                                    device::kWarpLanes,
                  warp_place<Product>(shape, memory, team_rows, !h_is_zeros || range.last - range.first > 1));
  const ThreadPlace place = thread_place(shape, run.layout.sum_layout.lanes, Product::kThrees, kPassRows);
  UnitRows<Formula, Element, Counts, Keeper<Formula, Element>> rows(
      run,
      {.unit = place.unit,
       .u = place.lane == 0 ? block * shape.units() + place.unit : shape.H,
       .first_row = first_row,
       .rows = team_rows,
       .row = place.row,
       .row_step = place.row_step,
       .lane = place.lane},
      memory.base, Keeper<Formula, Element>(run));
  Exchange exchange({shape, run.layout, run.grid, team, block, team_rows, place.unit, place.row, memory.operands(),
                     memory.barriers(), run.flags});
  exchange.begin();

  rows.load_states();
  std::int32_t s = 0;
  for (; s < range.first; ++s) rows.emit(s, false);
  rows.begin_pieces(s);
  std::uint32_t given_up = exchange.given_up();
  if (s < range.last) {
    if (!h_is_zeros && given_up == 0) {
      for_passes<Counts>(team_rows,
                         [&](int pass) { push_rows(exchange, rows, pass, [&](int i) { return rows.h(i); }); });
      exchange.end_pushes();
      make_room(exchange, rows);
    }
    rows.load_inputs(s);
  }
  SumPlaces sums(run.layout, shape, needs);
  typename Product::template Asked<decltype(exchange.operands(0))> asked;
  if (asks_early && s < range.last && !h_is_zeros) product.ask(exchange.operands(0), asked);
  // Makes the sums of a phase of the step, and with phase 0 those of x.
  const auto multiply = [&]<int kPhase>(std::integral_constant<int, kPhase>, int pass) {
    const bool with_inputs = kPhase == 0 && shape.multiplies_inputs();
    if (with_inputs) inputs.multiply(product, s, pass);
    if (!h_is_zeros) {
      const int first = pass * kPassRows;
      exchange.wait(first);
      const auto operands = exchange.operands(first);
      if (kPhase != 0 || !kAsksEarly || with_inputs) product.ask(operands, asked);
      product.template multiply<kPhase>(operands, asked, {pass, rows_of_pass<Counts>(team_rows, first)},
                                        memory.sums_at(sums.next()));
      exchange.order(first);
    }
    if (kPhase == 0 && !with_inputs) rows.add_biases(pass);
    if (kPhase + 1 == kPhases<Formula>) rows.load_resets(s, pass);
    device::block_barrier();
    given_up = exchange.given_up();
    if (with_inputs) rows.take_inputs(pass, inputs.sums(s, pass));
  };
  RONDO_KEEP_LOOP
  for (; s < range.last && given_up == 0; ++s) {
    const bool more = s + 1 < range.last;
    if constexpr (kStreams == Streams::once) {
      if (!h_is_zeros) product.begin_step([&](int pass) { return exchange.operands(pass * kPassRows); });
    }
    if constexpr (kPhases<Formula> == 2) {
      for_passes<Counts>(team_rows, [&](int pass) {
        multiply(std::integral_constant<int, 0>{}, pass);
        if (h_is_zeros) return;
        rows.reset(pass, sums.current());
        if (given_up == 0) push_rows(exchange, rows, pass, [&](int i) { return rows.reset_h(i); });
      });
      if (!h_is_zeros) {
        exchange.end_pushes();
        if (given_up == 0) make_room(exchange, rows);
      }
    }
    for_passes<Counts>(team_rows, [&](int pass) {
      multiply(std::integral_constant<int, kPhases<Formula> - 1>{}, pass);
      rows.step(pass, s, sums.current());
      if (more && given_up == 0) push_rows(exchange, rows, pass, [&](int i) { return rows.next_h(i); });
    });
    if (given_up != 0) break;
    if (more) exchange.end_pushes();
    if (asks_early && more) product.ask(exchange.operands(0), asked);
    if (more) make_room(exchange, rows);
    h_is_zeros = false;
    rows.emit(s, true);
    if (more) rows.load_inputs(s + 1);
  }
  if (given_up == 0) {
    for (; s < run.schedule.T; ++s) rows.emit(s, false);
    rows.store_results(range.last == run.schedule.T);
  } else {
    if (thread == 0) exchange.report(run.flags, s);
    rows.lose(s);
  }
  device::AsyncCopies().wait<0>();  // copies write into memory that another block owns when this one has ended
  exchange.end();
}

}  // namespace rondo
