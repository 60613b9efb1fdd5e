/// What a thread computes and keeps through all steps: the states of one unit in the rows of its RowMemory.
#pragma once

#include "cuda/common/dead_rows.cuh"
#include "cuda/device/unroll.cuh"
#include "cuda/persistent/kernel/unit_keeper.cuh"
#include "cuda/persistent/kernel/unit_sums.cuh"

namespace rondo {

/// The thread's unit in all of its rows: RowMemory says which rows these are. Rows that do not exist are idle. `Keeper`
/// is KeepsNothing or KeepsReserve.
template <typename Formula, typename Element, typename Counts, typename Keeper>
class UnitRows : public UnitSums<Formula, Element, Counts> {
  using Sums = UnitSums<Formula, Element, Counts>;
  using Sums::bias_;
  using Sums::kGates;
  using Sums::place_;
  using Sums::run_;

 public:
  using Sums::exists;
  using Sums::for_rows;
  using Sums::kRows;

  __device__ UnitRows(const PersistentRun<Element>& run, const UnitPlace& place, const std::byte* shared,
                      const Keeper& keeper)
      : Sums(run, place, shared), keeper_(keeper) {}

  __device__ float h(int i) const { return rows_[i].h; }
  /// The h that the next step finds: another one than the row's own where the row begins a piece there. To be called
  /// after load_resets for the row's pass.
  __device__ float next_h(int i) const {
    if (!rows_[i].next_begins_piece()) return rows_[i].h;
    return exists(i) ? this->read(run_.piece_h, i) : 0.0F;
  }
  /// r * h of the current step.
  __device__ float reset_h(int i) const { return rows_[i].reset_h; }

  __device__ void load_states() {
    RONDO_UNROLL
    for (int i = 0; i < kRows; ++i) {
      if (!exists(i)) continue;
      rows_[i].h = this->read(run_.initial_h, i);
      if constexpr (Formula::kStates == 2) rows_[i].c = this->read(run_.initial_c, i);
      rows_[i].steps = static_cast<std::uint32_t>(run_.schedule.length(this->batch(i)));
      if (place_.u == 0) check_length(run_.schedule, this->batch(i), run_.flags);
    }
  }

  /// Replaces the states of the rows that begin a piece at step s, the first one that the kernel computes. Later steps
  /// end with what the next one shall find.
  __device__ void begin_pieces(std::int32_t s) {
    if (run_.schedule.resets == nullptr) return;
    RONDO_UNROLL
    for (int i = 0; i < kRows; ++i) {
      if (exists(i) && run_.schedule.reset_byte(s, this->batch(i), rows_[i].length()) != 0) begin_piece(i);
    }
  }

  /// Asks for what step s needs from memory, so that it is there when the step begins.
  __device__ void load_inputs(std::int32_t s) {
    RONDO_UNROLL
    for (int i = 0; i < kRows; ++i) {
      if (!exists(i)) continue;
      Row& row = rows_[i];
      const std::int32_t t = run_.schedule.read_time(s, row.length());
      row.mask = t < row.length().steps ? run_.schedule.live_byte(t, this->batch(i)) : std::uint8_t{0};
      if (run_.shape.multiplies_inputs()) continue;
      // Each gate is loaded into its own register: a load of four at once would need moves, which would wait for it.
      for (int gate = 0; gate < kGates; ++gate) row.inputs[gate] = this->inputs(t, i)[gate];
      if (s + kPrefetched < run_.schedule.T) {
        this->prefetch(run_.schedule.read_time(s + kPrefetched, row.length()), i);
      }
    }
  }

  /// Asks whether rows of a pass begin a piece at step s + 1, for next_h: after the product of h of step s, before
  /// which registers are scarce. `emit` reads the bytes again, because the next pass's product has no registers either.
  __device__ void load_resets(std::int32_t s, int pass) {
    for_rows(pass, [&](int i) {
      rows_[i].reset = exists(i) ? run_.schedule.reset_byte(s + 1, this->batch(i), rows_[i].length()) : std::uint8_t{0};
    });
  }

  /// Turns the inputs of a pass that load_inputs has asked for into x W + b. The caller does so after the product of h,
  /// when the inputs have arrived.
  __device__ void add_biases(int pass) {
    for_rows(pass, [&](int i) {
      for (int gate = 0; gate < kGates; ++gate) rows_[i].inputs[gate] += bias_[gate];
    });
  }

  /// x W + b of a pass, where warps along k have left x W in `sums`, [input_k_warps][row of the pass][unit][gate].
  __device__ void take_inputs(int pass, const float* sums) {
    const PersistentShape& shape = run_.shape;
    const int stride = shape.sum_stride(kGates);
    for_rows(pass, [&](int i) {
      if (!exists(i)) return;
      const float* parts = sums + this->row_in_pass(i) * stride + place_.unit * kGates;
      for (int gate = 0; gate < kGates; ++gate) rows_[i].inputs[gate] = bias_[gate];
      RONDO_KEEP_LOOP
      for (int k = 0; k < shape.input_k_warps; ++k) {
        add_part(parts, rows_[i].inputs);
        parts += Counts::kPassRows * stride;
      }
    });
  }

  /// r * h, for a Formula whose candidate takes it. The sums of the first phase begin at `sums` of the block's shared
  /// memory, in bytes. Dead rows are computed as well; their results are not used.
  __device__ void reset(int pass, std::uint32_t sums) {
    this->with_activations([&](auto activations) {
      for_rows(pass, [&](int i) {
        Row& row = rows_[i];
        this->template add_products<0>(sums, i, row.recurrent);
        if (exists(i)) row.reset_h = Formula::reset(row.inputs, row.recurrent, row.h, activations);
      });
    });
  }

  /// h, c = formula(x W + b, h U + rb, h, c) in live rows of a pass of step s.
  __device__ void step(int pass, std::int32_t s, std::uint32_t sums) {
    this->with_activations([&](auto activations) {
      for_rows(pass, [&](int i) {
        Row& row = rows_[i];
        this->template add_products<kPhases<Formula> - 1>(sums, i, row.recurrent);
        // Rows that do not exist are never live.
        const UnitStates<float> before{row.h, row.c};
        const UnitStates<float> next =
            Formula::step(row.inputs, row.recurrent, before, activations, kept_.begin(before));
        if (!row.live()) return;
        if constexpr (kWritesReserve<Keeper> && !kRemembersKept) keep(i, s);
        row.h = next.h;
        row.c = next.c;
      });
    });
  }

  /// Writes y of step s. Every row is dead in a step that the kernel has not computed.
  __device__ void emit(std::int32_t s, bool computed) {
    RONDO_UNROLL
    for (int i = 0; i < kRows; ++i) {
      if (!exists(i)) continue;
      Row& row = rows_[i];
      const bool live = computed && row.live();
      if (live) row.steps |= Row::kWasLive;
      if constexpr (kWritesReserve<Keeper> && kRemembersKept) {
        if (live) keep(i, s);
      }
      write_y(i, s, output(i, live));
      if (!computed) continue;
      if (run_.schedule.reset_byte(s + 1, this->batch(i), row.length()) != 0) begin_piece(i);
      if (place_.unit == 0) prefetch_reset(s + kPrefetched, i);
    }
  }

  /// Fills y of the steps from s on, and all results, with NaN, because the kernel has not computed them.
  __device__ void lose(std::int32_t s) {
    const float nan = device::bits_float(0x7fc00000U);
    RONDO_UNROLL
    for (int i = 0; i < kRows; ++i) {
      rows_[i].h = nan;
      rows_[i].c = nan;
      rows_[i].mask = 1;
    }
    RONDO_KEEP_LOOP
    for (; s < run_.schedule.T; ++s) {
      RONDO_UNROLL
      for (int i = 0; i < kRows; ++i) {
        if (exists(i)) write_y(i, s, nan);
      }
    }
    store_results(true);
  }

  /// `computed` as emit has it, for the last step.
  __device__ void store_results(bool computed) const {
    RONDO_UNROLL
    for (int i = 0; i < kRows; ++i) {
      if (!exists(i)) continue;
      this->write(rows_[i].h, run_.results.final_h, i);
      if constexpr (Formula::kStates == 2) this->write(rows_[i].c, run_.results.final_c, i);
      // A run without steps emits nothing: its last output is zeros.
      const float last = run_.schedule.T == 0 ? 0.0F : output(i, computed && rows_[i].live());
      this->write(last, run_.results.last_output, i);
    }
  }

 private:
  /// How many steps ahead inputs are brought to the L2 cache: main memory is further away than one step takes.
  static constexpr std::int32_t kPrefetched = 4;

  struct Row {
    float h = 0;
    float c = 0;
    float reset_h = 0;
    float inputs[kGates] = {};     ///< x W, and x W + b when the product of h has been made
    float recurrent[kGates] = {};  ///< h U + rb of the current step
    std::uint32_t steps = 0;  ///< the row's length; highest bit: it has been live in its piece. Registers are scarce
    std::uint8_t mask = 0;    ///< as memory has it, because a conversion would wait for the load
    std::uint8_t reset = 0;  ///< likewise: not 0 if the row begins a piece at the next step, from load_resets to next_h

    static constexpr std::uint32_t kWasLive = 1U << 31;

    __device__ RowLength length() const { return {static_cast<std::int32_t>(steps & ~kWasLive)}; }
    __device__ bool was_live() const { return (steps & kWasLive) != 0; }
    __device__ bool live() const { return mask != 0; }
    __device__ bool next_begins_piece() const { return reset != 0; }
  };

  /// Brings the reset's byte of step s to the L2 cache, from `emit`: nobody waits for that, because h has been pushed.
  __device__ void prefetch_reset(std::int32_t s, int i) const {
    const std::uint8_t* mark = run_.schedule.reset_mark(s, this->batch(i), rows_[i].length());
    if (mark != nullptr) device::prefetch_to_l2(mark);
  }

  __device__ void begin_piece(int i) {
    rows_[i].h = this->read(run_.piece_h, i);
    if constexpr (Formula::kStates == 2) rows_[i].c = this->read(run_.piece_c, i);
    rows_[i].steps &= ~Row::kWasLive;
  }

  __device__ void keep(int i, std::int32_t s) const {
    const std::int32_t t = run_.schedule.read_time(s, rows_[i].length());
    const std::int64_t row = reserve_row(run_.schedule, keeper_.rows().x, t, this->batch(i));
    keeper_.write(kept_, row, run_.shape.H, place_.u);
  }

  /// What a row emits at a step at which it is live or not.
  __device__ float output(int i, bool live) const {
    return run_.schedule.emits_zeros(live, !rows_[i].was_live()) ? 0.0F : rows_[i].h;
  }

  __device__ void write_y(int i, std::int32_t s, float value) const {
    if (run_.y == nullptr) return;
    const std::int32_t time = run_.schedule.write_time(s, rows_[i].length());
    if (!run_.y_strides.has(time, rows_[i].length().steps)) return;
    device::from_float(value, run_.y[run_.y_strides.offset_32(time, this->batch(i)) + place_.u]);
  }

  /// A thread with one row writes what it keeps when it has pushed h. With several rows it has no registers for that.
  static constexpr bool kRemembersKept = kRows == 1;

  Row rows_[kRows];
  [[no_unique_address]] typename Keeper::Unit kept_;
  [[no_unique_address]] const Keeper keeper_;
};

}  // namespace rondo
