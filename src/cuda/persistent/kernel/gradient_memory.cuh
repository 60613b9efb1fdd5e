/// What a thread of a kernel of gradients reads and writes in memory, for the rows that it has: dh and dc of the last
/// step, the reserve, dY, and dG.
#pragma once

#include "cuda/common/kept_rows.cuh"
#include "cuda/device/prefetch.cuh"
#include "cuda/device/unroll.cuh"
#include "cuda/persistent/kernel/backward_run.h"
#include "cuda/persistent/kernel/product_sums.cuh"

namespace rondo {

/// The memory of UnitGradients (unit_gradients.cuh).
template <typename Formula, typename Product, typename Element, typename Counts>
class GradientMemory : public ProductSums<Product, BackwardRun<Element>, Counts> {
  using Sums = ProductSums<Product, BackwardRun<Element>, Counts>;

 public:
  using Sums::exists;
  using Sums::kRows;
  using Sums::Sums;

  static constexpr int kGates = Formula::kGates;

  __device__ void load_states() {
    RONDO_UNROLL
    for (int i = 0; i < kRows; ++i) {
      if (!exists(i)) continue;
      rows_[i].d_h = run_.h.d_state[state(i)];
      if constexpr (Formula::kStates == 2) rows_[i].d_c = run_.c.d_state[state(i)];
      rows_[i].length = {static_cast<std::int32_t>(run_.schedule.length(this->batch(i)))};
    }
  }

  /// Asks for what step s needs from memory, so that it is there when the step begins. Nothing is converted here,
  /// because that would wait for the loads.
  __device__ void load_step(std::int32_t s) {
    RONDO_UNROLL
    for (int i = 0; i < kRows; ++i) {
      if (!exists(i)) continue;
      Row& row = rows_[i];
      const std::int32_t b = this->batch(i);
      const std::int32_t t = run_.schedule.read_time(s, row.length);
      row.mask = t < row.length.steps ? run_.schedule.live_byte(t, b) : std::uint8_t{0};
      row.reset = run_.schedule.reset_byte(s + 1, b, row.length);
      if (run_.was_live != nullptr) row.was_live = run_.was_live[s * run_.schedule.B + b];
      row.d_y = Element{};
      if (const Element* d_y = output_gradient(s, i)) row.d_y = *d_y;
      if (!run_.kept.x.has(t, row.length.steps)) continue;
      const std::int64_t kept_row = reserve_row(run_.schedule, run_.kept.x, t, b);
      const Element* gates = kept(run_.kept.gates, kept_row * Formula::kKept);
      for (int k = 0; k < Formula::kKept; ++k) row.gates[k] = gates[k * run_.shape.H];
      row.previous = *kept(Formula::kStates == 2 ? run_.kept.c : run_.kept.h, kept_row);
      if (s >= kPrefetched) prefetch(s - kPrefetched, i);
    }
  }

  /// Writes dG of step s.
  __device__ void emit(std::int32_t s) const {
    RONDO_UNROLL
    for (int i = 0; i < kRows; ++i) {
      if (exists(i)) write_gates(s, i);
    }
  }

  __device__ void store_states() const {
    RONDO_UNROLL
    for (int i = 0; i < kRows; ++i) {
      if (!exists(i)) continue;
      run_.h.d_state[state(i)] = rows_[i].d_h;
      if constexpr (Formula::kStates == 2) run_.c.d_state[state(i)] = rows_[i].d_c;
    }
  }

  /// Fills dG of the steps from s down, and the states, with NaN, because the kernel has not computed them.
  __device__ void lose(std::int32_t s) {
    const float nan = device::bits_float(0x7fc00000U);
    RONDO_UNROLL
    for (int i = 0; i < kRows; ++i) {
      rows_[i].d_h = nan;
      rows_[i].d_c = nan;
      for (float& gate : rows_[i].d_input) gate = nan;
      for (float& gate : rows_[i].d_recurrent) gate = nan;
    }
    RONDO_KEEP_LOOP
    for (; s >= 0; --s) emit(s);
    store_states();
  }

 protected:
  using Sums::place_;
  using Sums::run_;

  struct Row {
    float d_h = 0;
    float d_c = 0;
    float d_recurrent[kGates] = {};
    float d_input[kHasRecurrentGradient<Formula> ? kGates : 1] = {};
    // As memory has them:
    Element gates[Formula::kKept] = {};
    Element previous = {};  ///< c before the step or, in a cell without c, h
    Element d_y = {};
    RowLength length = {};
    std::uint8_t mask = 0;
    std::uint8_t reset = 0;     ///< not 0: the row begins a piece at the next step
    std::uint8_t was_live = 1;  ///< not 0: the row has been live in its piece
  };

  __device__ std::int64_t state(int i) const { return std::int64_t{this->batch(i)} * run_.shape.H + place_.u; }

  Row rows_[kRows];

 private:
  /// How many steps ahead the reserve and dY are brought to the L2 cache.
  static constexpr std::int32_t kPrefetched = 4;
  /// Units whose elements one prefetch brings: 32 bytes.
  static constexpr int kPrefetchedUnits = 32 / static_cast<int>(sizeof(Element));

  /// This thread's unit in a row of a part of the reserve.
  __device__ const Element* kept(const void* part, std::int64_t row) const {
    return static_cast<const Element*>(part) + row * run_.shape.H + place_.u;
  }

  /// Where dY of what the row emits at step s is; null: nowhere.
  __device__ const Element* output_gradient(std::int32_t s, int i) const {
    if (run_.d_y == nullptr) return nullptr;
    const std::int32_t time = run_.schedule.write_time(s, rows_[i].length);
    if (!run_.d_y_strides.has(time, rows_[i].length.steps)) return nullptr;
    return run_.d_y + run_.d_y_strides.offset_32(time, this->batch(i)) + place_.u;
  }

  __device__ void prefetch(std::int32_t s, int i) const {
    if (place_.unit % kPrefetchedUnits != 0) return;
    const std::int32_t t = run_.schedule.read_time(s, rows_[i].length);
    if (const Element* d_y = output_gradient(s, i)) device::prefetch_to_l2(d_y);
    if (!run_.kept.x.has(t, rows_[i].length.steps)) return;
    const std::int64_t row = reserve_row(run_.schedule, run_.kept.x, t, this->batch(i));
    const Element* gates = kept(run_.kept.gates, row * Formula::kKept);
    for (int k = 0; k < Formula::kKept; ++k) device::prefetch_to_l2(gates + k * run_.shape.H);
    device::prefetch_to_l2(kept(Formula::kStates == 2 ? run_.kept.c : run_.kept.h, row));
  }

  __device__ void write_gates(std::int32_t s, int i) const {
    const Row& row = rows_[i];
    const std::int32_t t = run_.schedule.read_time(s, row.length);
    if (!run_.kept.x.has(t, row.length.steps)) return;
    const std::int32_t H = run_.shape.H;
    const std::int64_t first = reserve_row(run_.schedule, run_.kept.x, t, this->batch(i)) * kGates * H + place_.u;
    for (int gate = 0; gate < kGates; ++gate) {
      constexpr bool kDiffers = kHasRecurrentGradient<Formula>;
      device::from_float(kDiffers ? row.d_input[kDiffers ? gate : 0] : row.d_recurrent[gate],
                         run_.d_input[first + gate * H]);
      if constexpr (kDiffers) device::from_float(row.d_recurrent[gate], run_.d_recurrent[first + gate * H]);
    }
  }
};

}  // namespace rondo
