/// What a thread of a kernel of gradients computes and keeps through all steps: dh and dc of one unit in its rows.
#pragma once

#include "cuda/persistent/kernel/gradient_memory.cuh"

namespace rondo {

/// The thread's unit in all of its rows: RowPlaces says which rows these are. Rows that do not exist are idle.
/// `Product` is GatheredProduct<Formula> or ScatterProduct.
template <typename Formula, typename Product, typename Element, typename Counts>
class UnitGradients : public GradientMemory<Formula, Product, Element, Counts> {
  using Memory = GradientMemory<Formula, Product, Element, Counts>;
  using Memory::place_;
  using Memory::rows_;
  using Memory::run_;
  using Memory::state;
  using typename Memory::Row;

 public:
  using Memory::exists;
  using Memory::for_rows;
  using Memory::kGates;
  using Memory::kRows;
  using Memory::Memory;

  static constexpr bool kCandidateApart = kPhases<Formula> == 2;

  /// dG of the current step as the product takes it.
  __device__ float pushed(int i, int gate) const { return rows_[i].d_recurrent[gate]; }

  /// Adds the products of step s + 1 to dh, and where the kernel `computes` step s:
  ///
  ///     a reset before step s + 1 takes dh and dc;  dh += what step s emits
  ///     dG, dh, dc = formula(gates, dh, dc) in live rows, else dG = 0
  ///
  /// Where kCandidateApart, dG is that of the candidate alone, and dh stays as it is until finish_step. The sums of the
  /// products begin at `sums` of the block's shared memory, in bytes.
  __device__ void step(int pass, std::int32_t s, std::uint32_t sums, bool computes) {
    this->with_activations([&](auto activations) {
      for_rows(pass, [&](int i) {
        float product[Product::kGates];
        this->template sum_products<0>(sums, i, product);
        rows_[i].d_h += product[0];
        if (!computes) return;
        arrive(i, s);
        if constexpr (kCandidateApart) {
          differentiate_candidate(i, activations);
        } else {
          differentiate(i, activations);
        }
      });
    });
  }

  /// dG of the other gates, and dh, from d(r h): the sums of the second phase of the step.
  __device__ void finish_step(int pass, std::uint32_t sums) {
    this->with_activations([&](auto activations) {
      for_rows(pass, [&](int i) {
        float product[Product::kGates];
        this->template sum_products<1>(sums, i, product);
        differentiate(i, activations, product[1]);
      });
    });
  }

  /// A step at which all rows are dead by their lengths.
  __device__ void skip(std::int32_t s) {
    this->load_step(s);
    RONDO_UNROLL
    for (int i = 0; i < kRows; ++i) {
      arrive(i, s);
      clear(i);
    }
    this->emit(s);
  }

 private:
  /// An element of the reserve.
  template <typename Activations>
  __device__ float value(Element element) const {
    if constexpr (std::is_same_v<Element, BFloat16>) {
      Float16 narrow;
      narrow.bits = element.bits;
      if (keeps_f16<Element, Activations>(run_.kept)) return device::to_float(narrow);
    }
    return device::to_float(element);
  }

  /// Moves the gradient of a state that a reset has put in after this step to the sums.
  __device__ static void take_reset(float& d_state, float* sum) {
    *sum += d_state;
    d_state = 0;
  }

  __device__ void arrive(int i, std::int32_t s) {
    if (!exists(i)) return;
    Row& row = rows_[i];
    if (row.reset != 0) {
      take_reset(row.d_h, run_.h.reset_sums + state(i));
      if constexpr (Formula::kStates == 2) take_reset(row.d_c, run_.c.reset_sums + state(i));
    }
    const bool live = row.mask != 0;
    if (run_.schedule.emits_zeros(live, !live && row.was_live == 0)) return;
    row.d_h += device::to_float(row.d_y);
    if (s + 1 < run_.schedule.T || run_.d_last_output.data == nullptr) return;
    const auto& last = run_.d_last_output;
    row.d_h += device::to_float(last.data[this->state_row(i) * last.stride + place_.u]);
  }

  template <typename Activations>
  __device__ void read_kept(int i, float (&gates)[Formula::kKept]) const {
    for (int k = 0; k < Formula::kKept; ++k) gates[k] = value<Activations>(rows_[i].gates[k]);
  }

  template <typename Activations>
  __device__ void differentiate_candidate(int i, Activations activations) {
    Row& row = rows_[i];
    if (row.mask == 0) return clear(i);
    float gates[Formula::kKept];
    read_kept<Activations>(i, gates);
    row.d_recurrent[kGates - 1] = Formula::backward_candidate(gates, row.d_h, activations);
  }

  /// `inner` is d(r h), of formulas that take it.
  template <typename Activations, typename... Inner>
  __device__ void differentiate(int i, Activations activations, Inner... inner) {
    Row& row = rows_[i];
    if (row.mask == 0) return clear(i);
    float gates[Formula::kKept];
    read_kept<Activations>(i, gates);
    const float before = value<Activations>(row.previous);
    UnitStates<float> previous{before, 0.0F};
    if constexpr (Formula::kStates == 2) previous = {0.0F, before};
    const UnitGradient<float, kGates> unit =
        Formula::backward(gates, previous, UnitStates<float>{row.d_h, row.d_c}, activations, inner...);
    for (int gate = 0; gate < kPhaseGates<Formula, 0>; ++gate) {
      row.d_recurrent[gate] = unit.recurrent[gate];
      if constexpr (kHasRecurrentGradient<Formula>) row.d_input[gate] = unit.input[gate];
    }
    row.d_h = unit.previous.h;
    row.d_c = unit.previous.c;
  }

  __device__ void clear(int i) {
    for (float& gate : rows_[i].d_recurrent) gate = 0;
    for (float& gate : rows_[i].d_input) gate = 0;
  }
};

}  // namespace rondo
