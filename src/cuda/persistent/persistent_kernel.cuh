/// One launch for the whole sequence. The recurrent kernel stays in registers and shared memory, states in registers,
/// and blocks of a team tell each other h once a step:
///
///     push the initial h, if there is one
///     for s in the steps at which some row of the team is live:
///       [wait for h;  sums = h U, each warp a part;  barrier]                             not where h is zeros yet
///       [r * h; push it, wait for it; sums = (r * h) U for the candidate; barrier]        a GRU that resets before it
///       h, c = formula(x W + b, sums, h, c) in live rows;  push h;  y[write time] = what the row emits
///
/// Inputs of a step are asked for one step ahead. Steps outside of that range write y alone. Floor 4.
#pragma once

#include "cuda/persistent/exchange.cuh"
#include "cuda/persistent/fma_product.cuh"
#include "cuda/persistent/grid_exchange.cuh"
#include "cuda/persistent/mma_product.cuh"
#include "cuda/persistent/unit_rows.cuh"
#include "recurrence/buffers.h"

namespace rondo {

template <typename Formula, typename Operand, int kRowTiles>
struct ProductOf {
  using Type = MmaProduct<Formula, Operand, kRowTiles>;
};
template <typename Formula, int kRowTiles>
struct ProductOf<Formula, float, kRowTiles> {
  using Type = FmaProduct<Formula, kRowTiles>;
};

/// Steps first .. last - 1.
struct StepRange {
  std::int64_t first = 0;
  std::int64_t last = 0;
};

/// Those at which a row of the team may be live, by the lengths alone.
__device__ inline StepRange steps_to_compute(const Schedule& schedule, std::int64_t first_row, int rows) {
  if (schedule.lengths == nullptr) return {0, schedule.T};
  std::int64_t longest = 0;
  for (int row = 0; row < rows; ++row) {
    const std::int64_t length = schedule.length(first_row + row);
    longest = length > longest ? length : longest;
  }
  if (schedule.read_order == ReadOrder::reversed) return {schedule.T - longest, schedule.T};
  return {0, longest};
}

/// The block's shared memory, by SharedLayout.
struct BlockMemory {
  std::byte* base;
  SharedLayout layout;

  __device__ std::uint32_t* operands() const { return reinterpret_cast<std::uint32_t*>(base + layout.operands); }
  __device__ float* sums() const { return reinterpret_cast<float*>(base + layout.sums); }
  __device__ device::Words4* weights() const { return reinterpret_cast<device::Words4*>(base + layout.weights); }
  __device__ std::byte* barriers() const { return base + layout.barriers; }

  /// Rows and words of h that do not exist stay zeros.
  __device__ void clear_operands(int threads) const {
    device::Words4* words = reinterpret_cast<device::Words4*>(base + layout.operands);
    const int count = static_cast<int>((layout.sums - layout.operands) / sizeof(device::Words4));
    for (int i = static_cast<int>(device::thread_index().x); i < count; i += threads) words[i] = {};
  }
};

template <typename Product>
__device__ inline WarpPlace warp_place(const PersistentShape& shape, const BlockMemory& memory) {
  const int warp = static_cast<int>(device::thread_index().x) / device::kWarpLanes;
  const int k_warp = warp / shape.unit_warps;
  const int shared_vectors = shared_tiles(shape, Product::kResident) * Product::kVectors * device::kWarpLanes;
  return {.shape = shape,
          .unit_warp = warp % shape.unit_warps,
          .k_warp = k_warp,
          .tiles = shape.tiles_of(k_warp),
          .first_tile = k_warp * shape.warp_tiles(),
          .shared_weights = memory.weights() + warp * shared_vectors};
}

/// Where the sums of a product are: in BlockNeeds::sum_places in turn.
class SumPlaces {
 public:
  __device__ SumPlaces(const BlockMemory& memory, const PersistentShape& shape, const BlockNeeds& needs)
      : first_(memory.sums()), current_(first_), step_(needs.sum_places == 1 ? 0 : sum_count(shape, needs.gates)) {}

  __device__ float* next() { return current_ = current_ == first_ ? first_ + step_ : first_; }
  __device__ const float* current() const { return current_; }

 private:
  float* const first_;
  float* current_;
  const int step_;
};

/// `value(i)` of every row of this thread goes to all blocks of the team.
template <typename Exchange, int kRows, typename Rows, typename Value>
__device__ inline void push_all(Exchange& exchange, const Rows& rows, const Value& value) {
  RONDO_UNROLL
  for (int i = 0; i < kRows; ++i) exchange.push(rows.row(i), rows.exists(i) ? value(i) : 0.0F, rows.in_team(i));
  exchange.end_pushes();
}

template <typename Formula, typename Operand, typename Exchange, int kRowTiles>
__global__ void __launch_bounds__(kPersistentThreads, 1)
    persistent_kernel(const __grid_constant__ PersistentRun<typename Numbers<Operand>::Element> run) {
  if constexpr (Exchange::kKind == PersistentKind::cluster && !device::kHasClusters) return;
  using Product = typename ProductOf<Formula, Operand, kRowTiles>::Type;
  constexpr int kRows = kRowTiles * 4 / fewest_k_warps(Exchange::kKind);  // of a thread
  const PersistentShape& shape = run.shape;
  const int thread = static_cast<int>(device::thread_index().x);
  const int team = static_cast<int>(device::block_index().x) / shape.blocks;
  const int block = static_cast<int>(device::block_index().x) % shape.blocks;
  const std::int64_t first_row = std::int64_t{team} * shape.rows;
  const std::int64_t rows_left = run.schedule.B - first_row;
  const int team_rows = rows_left < shape.rows ? static_cast<int>(rows_left) : shape.rows;

  const BlockMemory memory{device::shared_memory(), shared_layout(shape, block_needs<Formula, Operand>(shape))};
  memory.clear_operands(shape.threads());
  const int warp = thread / device::kWarpLanes;
  const Product product(run.weights + std::int64_t{block * shape.warps() + warp} * shape.warp_tiles() *
                                          Product::kVectors * device::kWarpLanes,
                        warp_place<Product>(shape, memory));
  const int unit = thread % shape.units();
  UnitRows<Formula, typename Numbers<Operand>::Element, kRows> rows(run,
                                                                    {.unit = unit,
                                                                     .u = std::int64_t{block} * shape.units() + unit,
                                                                     .first_row = first_row,
                                                                     .rows = team_rows,
                                                                     .row = thread / shape.units(),
                                                                     .row_step = shape.threads() / shape.units()});
  Exchange exchange({shape, run.grid, team, block, team_rows, unit, memory.operands(), memory.barriers()});
  exchange.begin();

  const StepRange range = steps_to_compute(run.schedule, first_row, team_rows);
  rows.load_states();
  for (std::int64_t s = 0; s < range.first; ++s) rows.emit(s, false);
  bool fresh = run.initial_h.data == nullptr;  // h is zeros: there is nothing to tell and to multiply
  if (range.first < range.last) {
    if (!fresh) push_all<Exchange, kRows>(exchange, rows, [&](int i) { return rows.h(i); });
    rows.load_inputs(range.first);
  }
  SumPlaces sums(memory, shape, block_needs<Formula, Operand>(shape));
  bool all_came = true;
  RONDO_KEEP_LOOP
  for (std::int64_t s = range.first; s < range.last && all_came; ++s) {
    if (fresh) {
      rows.step(nullptr);
      fresh = false;
    } else {
      exchange.wait();
      product.template multiply<0>(exchange.operands(), team_rows, sums.next());
      device::block_barrier();
      if constexpr (kPhases<Formula> == 2) {
        rows.reset(sums.current());
        push_all<Exchange, kRows>(exchange, rows, [&](int i) { return rows.reset_h(i); });
        exchange.wait();
        product.template multiply<1>(exchange.operands(), team_rows, sums.next());
        device::block_barrier();
      }
      all_came = exchange.all_came();
      rows.step(sums.current());
    }
    if (s + 1 < range.last) {
      push_all<Exchange, kRows>(exchange, rows, [&](int i) { return rows.h(i); });
    }
    rows.emit(s, true);
    if (s + 1 < range.last) rows.load_inputs(s + 1);
  }
  for (std::int64_t s = range.last; s < run.schedule.T; ++s) rows.emit(s, false);
  if (all_came) {
    rows.store_results();
  } else if (thread == 0) {
    device::set_bits(run.flags, kStalled);
  }
  exchange.end();
}

}  // namespace rondo
