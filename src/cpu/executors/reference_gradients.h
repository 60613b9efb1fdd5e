/// The adjoint of the reference executor's loop, row by row.
#pragma once

#include "cpu/executors/reference_step.h"
#include "cpu/executors/reference_step_gradient.h"
#include "cpu/executors/reserve_rows.h"

namespace rondo {

/// What the gradients of one row need, and the sums over all rows.
template <typename Real>
struct GradientScratch {
  StepScratch<Real> step;
  StepGradientScratch<Real> gradient;
  Real* d_states[kMaxStates];    ///< (H or P): the gradient of the states after the current step
  Real* reset_sums[kMaxStates];  ///< (H or P): the gradient of the reset state
  Real* states[kMaxStates];      ///< (segment + 1, H or P): the states before each step of a segment
  bool* reaches;                 ///< (T): whether the row's output is its h, so that a gradient of it reaches h

  GradientScratch(WorkspaceCutter& cutter, const RecurrenceSpec& spec) : step(cutter, spec), gradient(cutter, spec) {
    for (int k = 0; k < kMaxStates; ++k) {
      d_states[k] = cutter.take<Real>(state_units(spec.cell, k));
      reset_sums[k] = cutter.take<Real>(state_units(spec.cell, k));
      states[k] = cutter.take<Real>((spec.segment + 1) * state_units(spec.cell, k));
    }
    reaches = cutter.take<bool>(spec.T);
  }
};

template <typename Formula, typename Element, typename Real>
class ReferenceGradients {
 public:
  ReferenceGradients(const RunnerRequest& request, const GradientBuffers& buffers, const GradientScratch<Real>& scratch)
      : spec_(request.spec),
        buffers_(buffers),
        schedule_(buffers.run.schedule),
        scratch_(scratch),
        forward_(request, scratch.step),
        gradient_(request, buffers, scratch.gradient, forward_),
        reserve_(reserve_layout(request.spec, buffers.run.x.packed_rows), buffers.run.reserve),
        features_(output_units(request.spec.cell)),
        segment_(request.spec.segment) {}

  void run() {
    gradient_.begin();
    for (int k = 0; k < kMaxStates; ++k) std::fill_n(scratch_.reset_sums[k], units(k), Real(0));
    for (std::int64_t b = 0; b < spec_.B; ++b) run_row(b);
    gradient_.store_weights();
    if (shares_reset_state()) store(buffers_.d_reset_state, 0, scratch_.reset_sums);
  }

 private:
  std::int64_t units(int state) const { return state_units(spec_.cell, state); }
  bool shares_reset_state() const { return buffers_.d_reset_state[0].stride == 0; }

  void run_row(std::int64_t b) {
    find_reaches(b);
    const std::int64_t state_row = schedule_.state_row(b);
    for (int k = 0; k < kMaxStates; ++k) {
      load(buffers_.d_final_state, k, state_row, scratch_.d_states[k]);
      if (!shares_reset_state()) std::fill_n(scratch_.reset_sums[k], units(k), Real(0));
    }
    for (std::int64_t s = spec_.T - 1; s >= 0; --s) {
      if (segment_ > 0 && (s == spec_.T - 1 || (s + 1) % segment_ == 0))
        run_segment_again(s / segment_ * segment_, s, b);
      run_step(s, b);
    }
    store(buffers_.d_initial_state, state_row, scratch_.d_states);
    if (!shares_reset_state()) store(buffers_.d_reset_state, state_row, scratch_.reset_sums);
  }

  void find_reaches(std::int64_t b) {
    bool was_live = false;
    for (std::int64_t s = 0; s < spec_.T; ++s) {
      was_live = schedule_.was_live(was_live, s, b);
      scratch_.reaches[s] = !schedule_.emits_zeros(schedule_.live(s, b), !was_live);
    }
  }

  void run_step(std::int64_t s, std::int64_t b) {
    if (scratch_.reaches[s]) add_gradient_of_output(s, b);
    if (schedule_.live(s, b)) {
      const std::int64_t t = schedule_.read_time(s, b);
      load_states(s, t, b);
      const Real* kept = nullptr;
      if (spec_.keep == Keep::gates) {
        reserve_.load_gates(reserve_row(schedule_, buffers_.run.x.strides, t, b), scratch_.gradient.kept);
        kept = scratch_.gradient.kept;
      }
      gradient_.run(t, b, kept, scratch_.d_states[0], scratch_.d_states[1]);
    }
    if (!schedule_.resets_before(s, b)) return;
    for (int k = 0; k < kMaxStates; ++k) {
      for (std::int64_t u = 0; u < units(k); ++u) scratch_.reset_sums[k][u] += scratch_.d_states[k][u];
      std::fill_n(scratch_.d_states[k], units(k), Real(0));
    }
  }

  /// dh += dy[write time], and that of the last output at the last step
  void add_gradient_of_output(std::int64_t s, std::int64_t b) {
    const std::int64_t time = schedule_.write_time(s, b);
    const SequenceBuffer& d_y = buffers_.d_y;
    if (d_y.data != nullptr && d_y.strides.has(time, schedule_.length(b))) add(d_y.data, d_y.strides.offset(time, b));
    const BatchBuffer& last = buffers_.d_last_output;
    if (s == spec_.T - 1 && last.data != nullptr) add(last.data, schedule_.state_row(b) * last.stride);
  }

  void add(const void* gradient, std::int64_t offset) {
    const Element* source = static_cast<const Element*>(gradient) + offset;
    for (std::int64_t u = 0; u < features_; ++u) scratch_.d_states[0][u] += convert_element<Real>(source[u]);
  }

  /// The states before step s.
  void load_states(std::int64_t s, std::int64_t t, std::int64_t b) {
    Real* const h = scratch_.gradient.previous[0];
    Real* const c = scratch_.gradient.previous[1];
    if (segment_ == 0) return reserve_.load_states(reserve_row(schedule_, buffers_.run.x.strides, t, b), h, c);
    for (int k = 0; k < Formula::kStates; ++k) {
      std::copy_n(scratch_.states[k] + s % segment_ * units(k), units(k), scratch_.gradient.previous[k]);
    }
  }

  /// Computes the states before the steps first .. last again, from those that the run has kept.
  void run_segment_again(std::int64_t first, std::int64_t last, std::int64_t b) {
    reserve_.load_states(first / segment_ * spec_.B + b, scratch_.states[0], scratch_.states[1]);
    for (std::int64_t s = first; s <= last; ++s) {
      Real* const h = scratch_.states[0] + (s - first) * units(0);
      Real* const c = scratch_.states[1] + (s - first) * units(1);
      if (schedule_.resets_before(s, b)) {
        load(buffers_.run.reset_state, 0, schedule_.state_row(b), h);
        load(buffers_.run.reset_state, 1, schedule_.state_row(b), c);
      }
      std::copy_n(h, units(0), h + units(0));
      std::copy_n(c, units(1), c + units(1));
      if (!schedule_.live(s, b)) continue;
      const std::int64_t t = schedule_.read_time(s, b);
      forward_.advance(static_cast<const Element*>(buffers_.run.x.data) + buffers_.run.x.strides.offset(t, b),
                       h + units(0), c + units(1), nullptr);
    }
  }

  void load(const std::array<BatchBuffer, kMaxStates>& states, int k, std::int64_t row, Real* target) const {
    const BatchBuffer& state = states[static_cast<std::size_t>(k)];
    if (state.data == nullptr) {
      std::fill_n(target, units(k), Real(0));
      return;
    }
    const Element* source = static_cast<const Element*>(state.data) + row * state.stride;
    std::transform(source, source + units(k), target, [](Element value) { return convert_element<Real>(value); });
  }

  void store(const std::array<BatchBuffer, kMaxStates>& states, std::int64_t row, const Real* const* source) const {
    for (int k = 0; k < Formula::kStates; ++k) {
      const BatchBuffer& state = states[static_cast<std::size_t>(k)];
      if (state.data == nullptr) continue;
      std::transform(source[k], source[k] + units(k), static_cast<Element*>(state.data) + row * state.stride,
                     [](Real value) { return convert_element<Element>(value); });
    }
  }

  const RecurrenceSpec& spec_;
  const GradientBuffers& buffers_;
  const Schedule& schedule_;
  const GradientScratch<Real>& scratch_;
  const ReferenceStep<Formula, Element, Real> forward_;
  StepGradient<Formula, Element, Real> gradient_;
  const ReserveRows<Real> reserve_;
  const std::int64_t features_;
  const std::int64_t segment_;
};

}  // namespace rondo
