/// The loop of cpu_gemm over time: the products of a step, and then its units.
#pragma once

#include <algorithm>

#include "cpu/executors/gemm_products.h"
#include "cpu/executors/gemm_scratch.h"
#include "recurrence/dispatch_cell.h"

namespace rondo {

template <typename Formula>
class GemmLoop {
 public:
  GemmLoop(const RunnerRequest& request, const GemmProducts& products, const RecurrenceBuffers& buffers,
           const GemmScratch& scratch)
      : spec_(request.spec),
        weights_(request.weights),
        products_(products),
        buffers_(buffers),
        scratch_(scratch),
        H_(spec_.cell.units),
        features_(output_units(spec_.cell)),
        columns_(Formula::kGates * H_),
        activations_{spec_.cell.activation, spec_.cell.recurrent_activation} {}

  void run() {
    load_initial_states();
    sums_strides_ = products_.multiply_inputs(spec_, buffers_.x, scratch_.input_sums);
    for (std::int64_t s = 0; s < spec_.T; ++s) {
      begin_pieces(s);
      const std::int64_t rows = products_.rows(spec_, buffers_.schedule, s);
      multiply_states(0, {scratch_.states[0], rows, features_, features_});
      if constexpr (kPhases<Formula> == 2) {
        for (std::int64_t b = 0; b < spec_.B; ++b) reset_row(s, b);
        multiply_states(1, {scratch_.reset_state, rows, H_, H_});
      }
      for (std::int64_t b = 0; b < spec_.B; ++b) {
        if (buffers_.schedule.live(s, b)) advance_row(s, b);
      }
      if (weights_.projection != nullptr) project_rows(s, rows);
      for (std::int64_t b = 0; b < spec_.B && buffers_.y.data != nullptr; ++b) {
        const std::int64_t t = buffers_.schedule.write_time(s, b);
        if (!buffers_.y.strides.has(t, buffers_.schedule.length(b))) continue;
        emit(s, b, static_cast<float*>(buffers_.y.data) + buffers_.y.strides.offset(t, b));
      }
    }
    store_results();
  }

 private:
  /// recurrent_sums = rows U, for the columns of the gates of a phase.
  void multiply_states(int phase, const MatrixView<const float>& rows) {
    const int first = phase == 0 ? 0 : Formula::kProductsBeforeReset;
    const int last = phase == 0 ? Formula::kProductsBeforeReset : Formula::kGates;
    products_.multiply_states(phase, rows,
                              {scratch_.recurrent_sums + first * H_, rows.rows, (last - first) * H_, columns_});
  }

  /// The sums of one row at one processing step. `gather` adds the biases.
  struct RowSums {
    const float* input;
    const float* recurrent;
    const float* bias;
    const float* recurrent_bias;
    std::int64_t H;

    void gather(std::int64_t u, float* input_sums, float* recurrent_sums) const {
      for (int gate = 0; gate < Formula::kGates; ++gate) {
        const std::int64_t column = gate * H + u;
        input_sums[gate] = input[column] + (bias == nullptr ? 0.0F : bias[column]);
        recurrent_sums[gate] = recurrent[column] + (recurrent_bias == nullptr ? 0.0F : recurrent_bias[column]);
      }
    }
  };

  RowSums row_sums(std::int64_t s, std::int64_t b) const {
    const std::int64_t t = buffers_.schedule.read_time(s, b);
    return {scratch_.input_sums + sums_strides_.offset(t, b), scratch_.recurrent_sums + b * columns_,
            static_cast<const float*>(weights_.bias), static_cast<const float*>(weights_.recurrent_bias), H_};
  }

  void reset_row(std::int64_t s, std::int64_t b) {
    const RowSums sums = row_sums(s, b);
    const float* h = scratch_.states[0] + b * H_;
    float input[Formula::kGates];
    float recurrent[Formula::kGates];
    for (std::int64_t u = 0; u < H_; ++u) {
      sums.gather(u, input, recurrent);
      scratch_.reset_state[b * H_ + u] = Formula::reset(input, recurrent, h[u], activations_);
    }
  }

  void advance_row(std::int64_t s, std::int64_t b) {
    const RowSums sums = row_sums(s, b);
    float* h = (weights_.projection == nullptr ? scratch_.states[0] : scratch_.unprojected) + b * H_;
    float* c = scratch_.states[1] + b * H_;
    float input[Formula::kGates];
    float recurrent[Formula::kGates];
    for (std::int64_t u = 0; u < H_; ++u) {
      sums.gather(u, input, recurrent);
      const UnitStates<float> next = step_unit(input, recurrent, {h[u], c[u]}, u);
      h[u] = next.h;
      c[u] = next.c;
    }
    scratch_.was_live[b] = true;
  }

  UnitStates<float> step_unit(const float* input, const float* recurrent, UnitStates<float> previous,
                              std::int64_t u) const {
    if constexpr (kIsLstmVariant<Formula>) {
      LstmVariantUnit<float> unit{.cell_clip = bound_of<float>(spec_.cell.cell_clip)};
      if (const auto* peepholes = static_cast<const float*>(weights_.peepholes); peepholes != nullptr) {
        unit.has_peepholes = true;
        unit.w_i = peepholes[u];
        unit.w_f = peepholes[H_ + u];
        unit.w_o = peepholes[2 * H_ + u];
      }
      return Formula::step(input, recurrent, previous, activations_, unit);
    } else {
      return Formula::step(input, recurrent, previous, activations_);
    }
  }

  /// h of live rows = clip(unprojected projection). Dead rows are in the product too, but their results are not read.
  void project_rows(std::int64_t s, std::int64_t rows) {
    products_.project({scratch_.unprojected, rows, H_, H_}, {scratch_.projected, rows, features_, features_});
    const auto bound = bound_of<float>(spec_.cell.projection_clip);
    for (std::int64_t b = 0; b < spec_.B; ++b) {
      if (!buffers_.schedule.live(s, b)) continue;
      const float* row = scratch_.projected + b * features_;
      std::transform(row, row + features_, scratch_.states[0] + b * features_,
                     [bound](float sum) { return formula::clip(sum, -bound, bound); });
    }
  }

  /// Writes what row b emits at processing step s to `target`. The states must be those after step s.
  void emit(std::int64_t s, std::int64_t b, float* target) const {
    if (buffers_.schedule.emits_zeros(buffers_.schedule.live(s, b), !scratch_.was_live[b])) {
      std::fill_n(target, features_, 0.0F);
    } else {
      std::copy_n(scratch_.states[0] + b * features_, features_, target);
    }
  }

  void load_initial_states() {
    std::fill_n(scratch_.recurrent_sums, spec_.B * columns_, 0.0F);
    if (weights_.projection != nullptr) std::fill_n(scratch_.unprojected, spec_.B * H_, 0.0F);
    for (std::int64_t b = 0; b < spec_.B; ++b) load_states(buffers_.initial_state, b);
  }

  void begin_pieces(std::int64_t s) {
    if (!spec_.has_resets) return;
    for (std::int64_t b = 0; b < spec_.B; ++b) {
      if (buffers_.schedule.resets_before(s, b)) load_states(buffers_.reset_state, b);
    }
  }

  /// The states of row b, which has not been live with them yet.
  void load_states(const std::array<BatchBuffer, kMaxStates>& states, std::int64_t b) {
    scratch_.was_live[b] = false;
    for (int k = 0; k < kMaxStates; ++k) {
      const std::int64_t units = state_units(spec_.cell, k);
      const BatchBuffer& given = states[static_cast<std::size_t>(k)];
      float* row = scratch_.states[k] + b * units;
      if (given.data == nullptr) {
        std::fill_n(row, units, 0.0F);
      } else {
        std::copy_n(static_cast<const float*>(given.data) + buffers_.schedule.state_row(b) * given.stride, units, row);
      }
    }
  }

  void store_results() const {
    for (std::int64_t b = 0; b < spec_.B; ++b) {
      if (buffers_.last_output.data != nullptr) {
        float* target = static_cast<float*>(buffers_.last_output.data) +
                        buffers_.schedule.state_row(b) * buffers_.last_output.stride;
        if (spec_.T > 0) {
          emit(spec_.T - 1, b, target);
        } else {
          std::fill_n(target, features_, 0.0F);
        }
      }
      for (int k = 0; k < Formula::kStates; ++k) {
        const std::int64_t units = state_units(spec_.cell, k);
        const BatchBuffer& final_state = buffers_.final_state[static_cast<std::size_t>(k)];
        if (final_state.data == nullptr) continue;
        std::copy_n(scratch_.states[k] + b * units, units,
                    static_cast<float*>(final_state.data) + buffers_.schedule.state_row(b) * final_state.stride);
      }
    }
  }

  const RecurrenceSpec& spec_;
  const WeightBuffers& weights_;
  const GemmProducts& products_;
  const RecurrenceBuffers& buffers_;
  const GemmScratch& scratch_;
  const std::int64_t H_;
  const std::int64_t features_;  ///< features of h: P with a projection, else H
  const std::int64_t columns_;
  const Activations activations_;
  TimeBatchStrides sums_strides_;
};

}  // namespace rondo
