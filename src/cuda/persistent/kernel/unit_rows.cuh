/// What a thread keeps through all steps: the states of one unit in a few rows. Floor 4.
#pragma once

#include "cuda/common/dead_rows.cuh"
#include "cuda/common/standard_activations.cuh"
#include "cuda/device/collectives.cuh"
#include "cuda/device/convert.cuh"
#include "cuda/device/opaque.cuh"
#include "cuda/device/prefetch.cuh"
#include "cuda/device/unroll.cuh"
#include "cuda/persistent/kernel/gate_sums.cuh"
#include "cuda/persistent/kernel/persistent_run.h"
#include "cuda/persistent/kernel/row_times.cuh"
#include "cuda/persistent/kernel/unit_place.h"
#include "cuda/persistent/shape/operand_traits.h"

namespace rondo {

/// A unit in up to kThreadRows rows of each pass, and those of pass p are kThreadRows p and the next. Those that do not
/// exist are idle.
template <typename Formula, typename Element, typename Counts>
class UnitRows {
 public:
  /// `memory` is the block's shared memory.
  __device__ UnitRows(const PersistentRun<Element>& run, const UnitPlace& place, const std::byte* memory)
      : run_(run),
        place_(place),
        memory_(memory),
        standard_(device::opaque(run.activations.state == Activation::tanh &&
                                 run.activations.gate == Activation::sigmoid) != 0) {
    // Threads without a row, and lanes without a unit, read the sums of another.
    const SumLayout& layout = run.layout.sum_layout;
    const int row = place.row < Counts::kPassRows ? place.row : 0;
    const int lane = place.lane < layout.lanes ? place.lane : 0;
    sums_at_ = static_cast<std::uint32_t>(row * layout.row + place.unit * kPhaseGates<Formula, 0> +
                                          lane * layout.parts * layout.part) *
               sizeof(float);
    // Opaque: it is made here, and not again in every step. With several passes registers are scarcer than
    // instructions.
    if constexpr (Counts::kPasses == 1) sums_at_ = device::opaque(sums_at_);
    if (place.u >= run.shape.H) return;
    for (int gate = 0; gate < kGates; ++gate) {
      bias_[gate] = run.bias[gate * run.shape.H + place.u];
      if constexpr (Formula::kBiases == 2) recurrent_bias_[gate] = run.recurrent_bias[gate * run.shape.H + place.u];
    }
  }

  static constexpr int kRows = Counts::kPasses * Counts::kThreadRows;

  /// Rows of the team from this thread's first one to its i-th.
  __device__ int behind_first(int i) const {
    return i / Counts::kThreadRows * Counts::kPassRows + i % Counts::kThreadRows * place_.row_step;
  }
  /// Calls function(i) for all rows of a pass that some thread of the block may have. `i` is a constant there: it
  /// chooses among registers.
  template <typename Function>
  __device__ void for_rows(int pass, const Function& function) const {
    for_row<0>(pass, function);
  }
  /// Whether this thread has an i-th row.
  __device__ bool exists(int i) const { return in_team(i) && place_.u < run_.shape.H; }
  /// Whether this thread pushes the row: it may be of a unit that there is not, whose h is zero.
  __device__ bool is_pushed(int i) const { return in_team(i) && place_.lane == 0; }
  __device__ float h(int i) const { return rows_[i].h; }
  /// r * h, of the step that goes on.
  __device__ float reset_h(int i) const { return rows_[i].reset_h; }

  __device__ void load_states() {
    RONDO_UNROLL
    for (int i = 0; i < kRows; ++i) {
      if (!exists(i)) continue;
      rows_[i].h = read(run_.initial_h, i);
      if constexpr (Formula::kStates == 2) rows_[i].c = read(run_.initial_c, i);
      rows_[i].length = static_cast<std::int32_t>(run_.schedule.length(batch(i)));
      if (place_.u == 0) check_length(run_.schedule, batch(i), run_.flags);
    }
  }

  /// Asks for what step s needs from memory, which is there when it begins.
  __device__ void load_inputs(std::int32_t s) {
    RONDO_UNROLL
    for (int i = 0; i < kRows; ++i) {
      if (!exists(i)) continue;
      Row& row = rows_[i];
      const std::int32_t t = read_time_of(run_.schedule, row.length, s);
      row.mask = t < row.length ? mask_at(t, i) : std::uint8_t{0};
      if (run_.shape.multiplies_inputs()) continue;
      // Into the registers where they stay: four that come at once are moved from where they come, and waited for.
      for (int gate = 0; gate < kGates; ++gate) row.inputs[gate] = inputs_of(t, i)[gate];
      if (s + kPrefetched < run_.schedule.T) {
        prefetch_inputs(read_time_of(run_.schedule, row.length, s + kPrefetched), i);
      }
    }
  }

  /// Inputs of a pass that load_inputs has asked for become x W + b: after the product of h, when they have come.
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
      const float* parts = sums + row_in_pass(i) * stride + place_.unit * kGates;
      for (int gate = 0; gate < kGates; ++gate) rows_[i].inputs[gate] = bias_[gate];
      RONDO_KEEP_LOOP
      for (int k = 0; k < shape.input_k_warps; ++k) {
        add_part(parts, rows_[i].inputs);
        parts += Counts::kPassRows * stride;
      }
    });
  }

  /// r * h, for a Formula whose candidate takes it; what the first phase has left begins at `sums` of the block's
  /// shared memory, in bytes. Dead rows take part: nobody uses what comes of it.
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

  /// y of step s. Rows of a step that nobody computes are dead.
  __device__ void emit(std::int32_t s, bool computed) {
    RONDO_UNROLL
    for (int i = 0; i < kRows; ++i) {
      if (!exists(i)) continue;
      Row& row = rows_[i];
      const bool live = computed && row.live();
      row.was_live = row.was_live || live;
      row.zeros = emits_zeros(run_.schedule.dead_output, live, !row.was_live);
      write_y(i, s, row.zeros ? 0.0F : row.h);
    }
  }

  /// y of the steps from s on and all results become NaN: nobody has computed them.
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
      write(rows_[i].h, run_.results.final_h, i);
      if constexpr (Formula::kStates == 2) write(rows_[i].c, run_.results.final_c, i);
      write(rows_[i].zeros ? 0.0F : rows_[i].h, run_.results.last_output, i);
    }
  }

 private:
  static constexpr int kGates = Formula::kGates;
  /// Steps ahead that sums are brought to the L2 cache: main memory is further away than one step takes.
  static constexpr std::int32_t kPrefetched = 4;
  static constexpr int kPrefetchedUnits = 8 / kGates;  ///< that a request brings: 32 bytes, or most of them

  struct Row {
    float h = 0;
    float c = 0;
    float reset_h = 0;
    float inputs[kGates] = {};     ///< x W, and + b when the product of h has been made
    float recurrent[kGates] = {};  ///< h U + rb, of the step that goes on
    std::int32_t length = 0;
    std::uint8_t mask = 0;  ///< as it came from memory: who only asks for it does not wait for it
    bool was_live = false;
    bool zeros = true;  ///< the row emits zeros instead of h

    __device__ bool live() const { return mask != 0; }
  };

  /// As for_rows, from the i-th row on.
  template <int i, typename Function>
  __device__ void for_row(int pass, const Function& function) const {
    if constexpr (i < kRows) {
      // Opaque: or the compiler makes a table of them, and an indirect branch through memory.
      const bool in_pass = i / Counts::kThreadRows == static_cast<int>(device::opaque(static_cast<unsigned>(pass)));
      if (in_pass && i % Counts::kThreadRows * place_.row_step < Counts::kPassRows) function(i);
      // Where a thread has one row in each pass, no other one is looked for.
      if (Counts::kThreadRows > 1 || !in_pass) for_row<i + 1>(pass, function);
    }
  }

  /// Whether the team has this row, whatever the unit.
  __device__ bool in_team(int i) const {
    return row_in_pass(i) < Counts::kPassRows && place_.row + behind_first(i) < place_.rows;
  }
  __device__ int row_in_pass(int i) const { return place_.row + i % Counts::kThreadRows * place_.row_step; }
  __device__ std::int32_t batch(int i) const { return place_.first_row + place_.row + behind_first(i); }

  __device__ const float* inputs_of(std::int32_t t, int i) const {
    return run_.input_sums + offset_of(run_.input_strides, t, batch(i)) + place_.u * kGates;
  }

  __device__ const std::uint8_t* mask_of(std::int32_t t, int i) const {
    return reinterpret_cast<const std::uint8_t*>(run_.schedule.mask) +
           offset_of(run_.schedule.mask_strides, t, batch(i));
  }
  __device__ std::uint8_t mask_at(std::int32_t t, int i) const {
    return run_.schedule.mask == nullptr ? std::uint8_t{1} : *mask_of(t, i);
  }

  __device__ void prefetch_inputs(std::int32_t t, int i) const {
    if (place_.unit % kPrefetchedUnits == 0) device::prefetch_to_l2(inputs_of(t, i));
    if (run_.schedule.mask != nullptr && place_.unit == 0) device::prefetch_to_l2(mask_of(t, i));
  }

  /// A constant where the block's units are known.
  __device__ SumLayout sums_layout() const {
    if constexpr (Counts::kUnits > 0) {
      constexpr PersistentShape kBlock{.octets = Counts::kUnits / kOctetUnits, .unit_warps = 1, .k_warps = kMostWarps};
      constexpr SumLayout kLayout = sum_layout(kBlock, kPhaseGates<Formula, 0>, Counts::kPassRows);
      return kLayout;
    } else {
      return run_.layout.sum_layout;
    }
  }

  /// From the sums of this thread's first row of a pass to those of its i-th. Where threads have unlike numbers of
  /// rows, those that have no such row read the sums of their first.
  __device__ int rows_to_sums(int i) const {
    constexpr bool kUneven =
        Counts::kUnits > 0 && Counts::kPassRows % (kPersistentThreads / (Counts::kUnits > 0 ? Counts::kUnits : 1)) != 0;
    const int rows = i % Counts::kThreadRows * place_.row_step;
    return kUneven && place_.row + rows >= Counts::kPassRows ? 0 : rows;
  }

  /// recurrent[gate] = the recurrent bias and the products of the gates of a phase, in the order of k. All lanes of a
  /// warp take part: where two share a unit, each adds up one half of the parts, and both get the sum.
  template <int kPhase>
  __device__ void add_products(std::uint32_t first, int i, float (&recurrent)[kGates]) const {
    constexpr int kFirst = kPhase == 0 ? 0 : kPhaseGates<Formula, 0>;
    constexpr int kCount = kPhaseGates<Formula, kPhase>;
    const SumLayout layout = sums_layout();
    const float* sums = reinterpret_cast<const float*>(memory_ + (first + sums_at_)) + rows_to_sums(i) * layout.row;
    if constexpr (kPhase != 0) sums -= place_.unit * (kPhaseGates<Formula, 0> - kCount);
    // Asked one after the other, the most frequent first.
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

  /// Calls `function` with the activations, as types where they are those that nearly every layer has.
  template <typename Function>
  __device__ void with_activations(const Function& function) const {
    if (standard_) {
      function(StandardActivations{});
    } else {
      function(run_.activations);
    }
  }

  /// y of processing step s, where it is wanted.
  __device__ void write_y(int i, std::int32_t s, float value) const {
    if (run_.y == nullptr) return;
    const std::int32_t time = write_time_of(run_.schedule, rows_[i].length, s);
    device::from_float(value, run_.y[offset_of(run_.y_strides, time, batch(i)) + place_.u]);
  }

  template <typename Rows>
  __device__ float read(const Rows& rows, int i) const {
    return rows.data == nullptr ? 0.0F : device::to_float(rows.data[batch(i) * rows.stride + place_.u]);
  }
  __device__ void write(float value, const BatchRows<Element>& rows, int i) const {
    if (rows.data != nullptr) device::from_float(value, rows.data[batch(i) * rows.stride + place_.u]);
  }

  const PersistentRun<Element>& run_;
  const UnitPlace place_;
  const std::byte* memory_;
  const bool standard_;
  std::uint32_t sums_at_ = 0;  ///< where those of this thread's first row of a pass are among all, in bytes
  float bias_[kGates] = {};
  float recurrent_bias_[kGates] = {};
  Row rows_[kRows];
};

}  // namespace rondo
