/// One launch for the steps of the gradients of a whole sequence. The machine is that of persistent_kernel.cuh, run
/// from the last step to the first: the blocks of a team hold U' in registers and shared memory, and tell each other
/// dG, of all gates of their units, once in each step:
///
///     for s in the steps at which some row of the team is live, from the last one down:
///       [wait for dG;  sums = dG U', each warp a part]       not at the first of these steps
///       barrier
///       dh += sums;  a reset takes dh, dc;  dh += dY         dY of what the row emits
///       dG, dh, dc = formula(gates, dh, dc) in live rows;  push dG
///       write dG
///     wait for dG;  dh += dG U'
///
/// A GRU that resets before its product takes two exchanges, as in a run:
///
///     for s in these steps:
///       [wait for dG of z and r;  sums = their dG U']        not at the first of these steps
///       barrier
///       dh += sums;  ...;  da_n = formula(gates, dh)         as above;  push da_n
///       wait for da_n;  sums = da_n U_n' = d(r h);  barrier
///       dG of z and r, dh = formula(gates, dh, sums);  push dG of z and r
///       write dG
///     wait for dG of z and r;  dh += dG U'
///
/// Where blocks scatter sums (scatter_exchange.cuh), a block holds the rows of U' of its own units, and tells the
/// others sums of dh in place of dG:
///
///     for s in these steps:
///       [wait for the sums of all blocks]                    not at the first of these steps
///       dh += sums;  ...  dG, dh, dc = formula(...)          as above; dG goes to the block's shared memory
///       barrier
///       sums = dG U' for all units;  push them to their owners
///       write dG
///     wait for sums;  dh += sums
///
/// In steps outside of that range nothing is multiplied. Inputs are asked for one step ahead, passes and waits that are
/// given up are as in persistent_kernel.cuh.
#pragma once

#include "cuda/persistent/kernel/gate_pushes.cuh"
#include "cuda/persistent/kernel/persistent_kernel.cuh"
#include "cuda/persistent/kernel/scatter_exchange.cuh"
#include "cuda/persistent/kernel/unit_gradients.cuh"

namespace rondo {

/// The product of the steps of a cell's gradients with an exchange.
template <typename Formula, typename Exchange>
struct GradientProduct {
  using Type = GatheredProduct<Formula>;
};
template <typename Formula, typename Operand>
struct GradientProduct<Formula, ScatterExchange<Operand>> {
  using Type = ScatterProduct;
};

template <typename Formula, typename Operand, typename Exchange, int kOctets, int kRowTiles>
__global__ void __launch_bounds__(kPersistentThreads, 1)
    persistent_backward_kernel(const __grid_constant__ BackwardRun<typename OperandTraits<Operand>::Element> run) {
  // As in persistent_kernel.
  if constexpr (Exchange::kKind == PersistentKind::cluster && !device::kHasClusters) return;
  constexpr int kPassTiles = pass_tiles<Operand>(Exchange::kKind, kRowTiles);
  constexpr int kPassRows = kPassTiles * device::kTileColumns;
  using Sizes = ProductSizes<Exchange, kOctets, kPassTiles, kRowTiles, Streams::each_pass>;
  using Multiplied = typename GradientProduct<Formula, Exchange>::Type;
  using Product = typename ProductOf<Multiplied, Operand, Sizes>::Type;
  constexpr bool kSends = kScatters<Multiplied>;
  using FirstPushed = std::conditional_t<kPhases<Multiplied> == 2, CandidateGate<Formula>, AllGates<Formula>>;
  using LastPushed = std::conditional_t<kPhases<Multiplied> == 2, OtherGates<Formula>, AllGates<Formula>>;
  constexpr int kThreadRows =
      kSends ? kPassRows / kScatterUnitThreads : thread_rows<Exchange::kKind, kOctets, kRowTiles>(kPassRows);
  using Counts =
      PassCounts<kRowTiles / kPassTiles, kPassRows, kThreadRows, known_units(Exchange::kKind, kOctets, kRowTiles)>;
  constexpr bool kAsksEarly = Counts::kPasses == 1 && Exchange::kInFlight;
  const PersistentShape& shape = run.shape;
  const int thread = static_cast<int>(device::thread_index().x);
  const int team = static_cast<int>(device::block_index().x) / shape.blocks;
  const int block = static_cast<int>(device::block_index().x) % shape.blocks;
  const std::int32_t first_row = team * shape.rows;
  const std::int32_t rows_left = static_cast<std::int32_t>(run.schedule.B) - first_row;
  const int team_rows = rows_left < shape.rows ? rows_left : shape.rows;

  const BlockMemory memory{device::shared_memory(), run.layout};
  memory.clear(shape.threads());
  const StepRange range = run.schedule.steps_to_compute(first_row, team_rows);
  const bool multiplies = range.last > range.first;
  const int warp = thread / device::kWarpLanes;
  // A block that scatters may have more warps than sums.
  const bool has_sums = !kSends || warp * kOctets * kOctetUnits < shape.H;
  Product product(run.weights + std::int64_t{block * shape.warps() + warp} * shape.warp_tiles() * Product::kVectors *
                                    device::kWarpLanes,
                  warp_place<Product>(shape, memory, team_rows, multiplies && has_sums));
  const ThreadPlace place = thread_place(shape, run.layout.sum_layout.lanes, Product::kThrees, kPassRows);
  UnitGradients<Formula, Multiplied, typename OperandTraits<Operand>::Element, Counts> rows(
      run,
      {.unit = place.unit,
       .u = place.lane == 0 ? block * shape.units() + place.unit : shape.H,
       .first_row = first_row,
       .rows = team_rows,
       .row = place.row,
       .row_step = place.row_step,
       .lane = place.lane},
      memory.base);
  Exchange exchange({shape, run.layout, run.grid, team, block, team_rows, place.unit, place.row, memory.operands(),
                     memory.barriers(), run.flags});
  exchange.begin();

  rows.load_states();
  auto s = static_cast<std::int32_t>(run.schedule.T) - 1;
  for (; s >= range.last; --s) rows.skip(s);
  std::uint32_t given_up = exchange.given_up();
  if (multiplies) rows.load_step(s);
  bool has_pushed = false;
  SumPlaces sums(run.layout, shape, block_needs<Multiplied, Operand, kOctets>(shape));
  typename Product::template Asked<decltype(exchange.operands(0))> asked;
  // Makes the sums of a pass in a phase, which are zeros before the first push. The exchange is an argument, because an
  // exchange that scatters has no such wait.
  [[maybe_unused]] const auto multiply = [&]<int kPhase>(std::integral_constant<int, kPhase>, int pass, auto& gather) {
    if (kPhase != 0 || has_pushed) {
      const int first = pass * kPassRows;
      gather.template wait<kTerms<Multiplied, kPhase>>(first);
      const auto operands = gather.operands(first);
      if (kPhase != 0 || !kAsksEarly) product.ask(operands, asked);
      product.template multiply<kPhase>(operands, asked, {pass, rows_of_pass<Counts>(team_rows, first)},
                                        memory.sums_at(sums.next()));
      gather.order(first);
    }
    device::block_barrier();
    given_up = gather.given_up();
  };
  RONDO_KEEP_LOOP
  for (; multiplies && given_up == 0; --s) {
    // Behind the last step that it computes, the kernel still multiplies that step's dG.
    const bool computes = s >= range.first;
    if constexpr (kSends) {
      if (has_pushed) exchange.wait(0);
      rows.step(0, s, sums.current(), computes);
      push_gates<LastPushed>(exchange, rows, 0);
      device::block_barrier();
      given_up = exchange.given_up();
    } else {
      for_passes<Counts>(team_rows, [&](int pass) {
        multiply(std::integral_constant<int, 0>{}, pass, exchange);
        rows.step(pass, s, sums.current(), computes);
        if (computes && given_up == 0) push_gates<FirstPushed>(exchange, rows, pass);
      });
    }
    if constexpr (kPhases<Multiplied> == 2) {
      if (given_up != 0 || !computes) break;
      exchange.template end_pushes<FirstPushed::kCount>();
      make_room_for_gates<FirstPushed>(exchange, rows);
      for_passes<Counts>(team_rows, [&](int pass) {
        multiply(std::integral_constant<int, 1>{}, pass, exchange);
        rows.finish_step(pass, sums.current());
        if (given_up == 0) push_gates<LastPushed>(exchange, rows, pass);
      });
    }
    if (given_up != 0 || !computes) break;
    if constexpr (kSends) {
      float* target = memory.sums_at(sums.next());
      product.scatter(exchange.operands(0), asked, {0, team_rows},
                      [&](int row, int chunk, const auto& parts) { exchange.send(target, row, chunk, parts); });
    }
    exchange.template end_pushes<LastPushed::kCount>();
    has_pushed = true;
    if (kAsksEarly) product.ask(exchange.operands(0), asked);
    make_room_for_gates<LastPushed>(exchange, rows);
    rows.emit(s);
    if (s > range.first) rows.load_step(s - 1);
  }
  if (given_up == 0) {
    for (; s >= 0; --s) rows.skip(s);
    rows.store_states();
  } else {
    if (thread == 0) exchange.report(run.flags, s);
    rows.lose(s);
  }
  device::AsyncCopies().wait<0>();  // copies write into memory that another block owns when this one has ended
  exchange.end();
}

}  // namespace rondo
