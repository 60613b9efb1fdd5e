/// What a thread computes and keeps through all steps: the states of one unit in the rows of its RowMemory.
#pragma once

#include "cuda/common/dead_rows.cuh"
#include "cuda/common/standard_activations.cuh"
#include "cuda/device/collectives.cuh"
#include "cuda/device/opaque.cuh"
#include "cuda/device/unroll.cuh"
#include "cuda/persistent/kernel/gate_sums.cuh"
#include "cuda/persistent/kernel/row_memory.cuh"

namespace rondo {

/// The thread's unit in all of its rows: RowMemory says which rows these are. Rows that do not exist are idle.
template <typename Formula, typename Element, typename Counts>
class UnitRows : public RowMemory<Formula, Element, Counts> {
  using Memory = RowMemory<Formula, Element, Counts>;
  using Memory::place_;
  using Memory::run_;

 public:
  using Memory::exists;
  using Memory::for_rows;
  using Memory::kRows;

  /// `shared` is the block's shared memory.
  __device__ UnitRows(const PersistentRun<Element>& run, const UnitPlace& place, const std::byte* shared)
      : Memory(run, place), shared_(shared), standard_(device::opaque(run.activations.is_standard()) != 0) {
    // Threads without a row, and lanes without a unit, read the sums of another.
    const SumLayout& layout = run.layout.sum_layout;
    const int row = place.row < Counts::kPassRows ? place.row : 0;
    const int lane = place.lane < layout.lanes ? place.lane : 0;
    sums_at_ = static_cast<std::uint32_t>(row * layout.row + place.unit * kPhaseGates<Formula, 0> +
                                          lane * layout.parts * layout.part) *
               sizeof(float);
    // Opaque, so that the compiler computes the offset here and not again in every step. With several passes registers
    // are scarcer than instructions.
    if constexpr (Counts::kPasses == 1) sums_at_ = device::opaque(sums_at_);
    if (place.u >= run.shape.H) return;
    for (int gate = 0; gate < kGates; ++gate) {
      bias_[gate] = run.bias[gate * run.shape.H + place.u];
      if constexpr (Formula::kBiases == 2) recurrent_bias_[gate] = run.recurrent_bias[gate * run.shape.H + place.u];
    }
  }

  __device__ float h(int i) const { return rows_[i].h; }
  /// r * h of the current step.
  __device__ float reset_h(int i) const { return rows_[i].reset_h; }

  __device__ void load_states() {
    RONDO_UNROLL
    for (int i = 0; i < kRows; ++i) {
      if (!exists(i)) continue;
      rows_[i].h = this->read(run_.initial_h, i);
      if constexpr (Formula::kStates == 2) rows_[i].c = this->read(run_.initial_c, i);
      rows_[i].length.steps = static_cast<std::int32_t>(run_.schedule.length(this->batch(i)));
      if (place_.u == 0) check_length(run_.schedule, this->batch(i), run_.flags);
    }
  }

  /// Asks for what step s needs from memory, so that it is there when the step begins.
  __device__ void load_inputs(std::int32_t s) {
    RONDO_UNROLL
    for (int i = 0; i < kRows; ++i) {
      if (!exists(i)) continue;
      Row& row = rows_[i];
      const std::int32_t t = run_.schedule.read_time(s, row.length);
      row.mask = t < row.length.steps ? run_.schedule.live_byte(t, this->batch(i)) : std::uint8_t{0};
      if (run_.shape.multiplies_inputs()) continue;
      // Each gate is loaded into the register where it stays: a load of four gates at once would need moves, and the
      // moves would wait for the load.
      for (int gate = 0; gate < kGates; ++gate) row.inputs[gate] = this->inputs(t, i)[gate];
      if (s + kPrefetched < run_.schedule.T) {
        this->prefetch(run_.schedule.read_time(s + kPrefetched, row.length), i);
      }
    }
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
    with_activations([&](auto activations) {
      for_rows(pass, [&](int i) {
        Row& row = rows_[i];
        add_products<0>(sums, i, row.recurrent);
        if (exists(i)) row.reset_h = Formula::reset(row.inputs, row.recurrent, row.h, activations);
      });
    });
  }

  /// h, c = formula(x W + b, h U + rb, h, c) in live rows of a pass.
  __device__ void step(int pass, std::uint32_t sums) {
    with_activations([&](auto activations) {
      for_rows(pass, [&](int i) {
        Row& row = rows_[i];
        add_products<kPhases<Formula> - 1>(sums, i, row.recurrent);
        // Rows that do not exist are never live.
        const UnitStates<float> next =
            Formula::step(row.inputs, row.recurrent, UnitStates<float>{row.h, row.c}, activations);
        if (!row.live()) return;
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
      row.was_live = row.was_live || live;
      row.zeros = run_.schedule.emits_zeros(live, !row.was_live);
      write_y(i, s, row.zeros ? 0.0F : row.h);
    }
  }

  /// Fills y of the steps from s on, and all results, with NaN, because the kernel has not computed them.
  __device__ void lose(std::int32_t s) {
    const float nan = device::bits_float(0x7fc00000U);
    RONDO_UNROLL
    for (int i = 0; i < kRows; ++i) {
      rows_[i].h = nan;
      rows_[i].c = nan;
      rows_[i].zeros = false;
    }
    RONDO_KEEP_LOOP
    for (; s < run_.schedule.T; ++s) {
      RONDO_UNROLL
      for (int i = 0; i < kRows; ++i) {
        if (exists(i)) write_y(i, s, nan);
      }
    }
    store_results();
  }

  __device__ void store_results() const {
    RONDO_UNROLL
    for (int i = 0; i < kRows; ++i) {
      if (!exists(i)) continue;
      this->write(rows_[i].h, run_.results.final_h, i);
      if constexpr (Formula::kStates == 2) this->write(rows_[i].c, run_.results.final_c, i);
      this->write(rows_[i].zeros ? 0.0F : rows_[i].h, run_.results.last_output, i);
    }
  }

 private:
  static constexpr int kGates = Formula::kGates;
  /// How many steps ahead inputs are brought to the L2 cache: main memory is further away than one step takes.
  static constexpr std::int32_t kPrefetched = 4;

  struct Row {
    float h = 0;
    float c = 0;
    float reset_h = 0;
    float inputs[kGates] = {};     ///< x W, and x W + b when the product of h has been made
    float recurrent[kGates] = {};  ///< h U + rb of the current step
    RowLength length = {};
    std::uint8_t mask = 0;  ///< as memory has it, because a conversion would wait for the load
    bool was_live = false;
    bool zeros = true;  ///< whether the row emits zeros instead of h

    __device__ bool live() const { return mask != 0; }
  };

  /// recurrent[gate] = the recurrent bias and the products of the gates of a phase, in the order of k. All lanes of a
  /// warp take part: where two share a unit, each adds up one half of the parts, and both get the sum.
  template <int kPhase>
  __device__ void add_products(std::uint32_t first, int i, float (&recurrent)[kGates]) const {
    constexpr int kFirst = kPhase == 0 ? 0 : kPhaseGates<Formula, 0>;
    constexpr int kCount = kPhaseGates<Formula, kPhase>;
    const SumLayout layout = this->sums_layout();
    const float* sums =
        reinterpret_cast<const float*>(shared_ + (first + sums_at_)) + this->rows_to_sums(i) * layout.row;
    if constexpr (kPhase != 0) sums -= place_.unit * (kPhaseGates<Formula, 0> - kCount);
    // The most frequent number of parts is asked for first.
    const int parts = layout.parts;
    if (parts == 4) {
      sum_parts<kFirst, kCount, 4>(sums, layout.part, recurrent);
    } else if (parts == kMostWarps) {
      sum_parts<kFirst, kCount, kMostWarps>(sums, layout.part, recurrent);
    } else if (parts == 2) {
      sum_parts<kFirst, kCount, 2>(sums, layout.part, recurrent);
    } else {
      sum_parts<kFirst, kCount, 1>(sums, layout.part, recurrent);
    }
    if (layout.shuffle != 0) {
      for (int gate = kFirst; gate < kFirst + kCount; ++gate) {
        recurrent[gate] += device::shuffle_xor(recurrent[gate], static_cast<unsigned>(layout.shuffle));
      }
    }
    if constexpr (Formula::kBiases == 2) {
      for (int gate = kFirst; gate < kFirst + kCount; ++gate) recurrent[gate] += recurrent_bias_[gate];
    }
  }

  /// Calls `function` with the activations: as types that the compiler inlines where they are tanh and sigmoid.
  template <typename Function>
  __device__ void with_activations(const Function& function) const {
    if (standard_) {
      function(StandardActivations{});
    } else {
      function(run_.activations);
    }
  }

  __device__ void write_y(int i, std::int32_t s, float value) const {
    if (run_.y == nullptr) return;
    const std::int32_t time = run_.schedule.write_time(s, rows_[i].length);
    device::from_float(value, run_.y[run_.y_strides.offset_32(time, this->batch(i)) + place_.u]);
  }

  const std::byte* shared_;
  const bool standard_;
  std::uint32_t sums_at_ = 0;  ///< from the first of all sums to those of this thread's first row of a pass, in bytes
  float bias_[kGates] = {};
  float recurrent_bias_[kGates] = {};
  Row rows_[kRows];
};

}  // namespace rondo
