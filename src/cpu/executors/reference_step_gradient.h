/// The gradient of one step of one row in the reference executor, and the sums over all steps.
#pragma once

#include "cpu/executors/reference_step.h"
#include "recurrence/reserve.h"

namespace rondo {

template <typename Real>
struct StepGradientScratch {
  Real* kept;                  ///< (kKept, H): what the formula has kept of the step
  Real* previous[kMaxStates];  ///< (H or P): the states before the step
  Real* again[kMaxStates];     ///< (H or P): the same, where the step is computed again
  Real* d_input;               ///< (G H): of x W + b
  Real* d_recurrent;           ///< (G H): of h U + rb
  Real* d_reset_h;             ///< (H): of r h
  Real* d_unprojected;         ///< (H): of h before the projection
  Real* unprojected;           ///< (H): h before the projection
  Real* projected;             ///< (P): the product with the projection, before its clip
  // Sums over all steps of all rows:
  Real* kernel;            ///< (I, G H)
  Real* recurrent_kernel;  ///< (P or H, G H)
  Real* bias;              ///< (G H)
  Real* recurrent_bias;    ///< (G H)
  Real* peepholes;         ///< (3, H)
  Real* projection;        ///< (H, P)

  StepGradientScratch(WorkspaceCutter& cutter, const RecurrenceSpec& spec) {
    const std::int64_t H = spec.cell.units;
    const std::int64_t features = output_units(spec.cell);
    const std::int64_t columns = gate_count(spec.cell.kind) * H;
    kept = cutter.take<Real>(kept_count(spec.cell) * H);
    for (int k = 0; k < kMaxStates; ++k) {
      previous[k] = cutter.take<Real>(state_units(spec.cell, k));
      again[k] = cutter.take<Real>(state_units(spec.cell, k));
    }
    d_input = cutter.take<Real>(columns);
    d_recurrent = cutter.take<Real>(columns);
    d_reset_h = cutter.take<Real>(H);
    d_unprojected = cutter.take<Real>(H);
    unprojected = cutter.take<Real>(H);
    projected = cutter.take<Real>(features);
    kernel = cutter.take<Real>(spec.I * columns);
    recurrent_kernel = cutter.take<Real>(features * columns);
    bias = cutter.take<Real>(columns);
    recurrent_bias = cutter.take<Real>(columns);
    peepholes = cutter.take<Real>(3 * H);
    projection = cutter.take<Real>(H * features);
  }
};

template <typename Formula, typename Element, typename Real>
class StepGradient {
 public:
  using Forward = ReferenceStep<Formula, Element, Real>;

  StepGradient(const RunnerRequest& request, const GradientBuffers& buffers, const StepGradientScratch<Real>& scratch,
               const Forward& forward)
      : spec_(request.spec),
        weights_(request.weights),
        buffers_(buffers),
        scratch_(scratch),
        forward_(forward),
        H_(spec_.cell.units),
        columns_(Formula::kGates * H_),
        features_(output_units(spec_.cell)) {}

  /// Sets all sums and all of d_x to zeros: dead steps have no gradient.
  void begin() {
    for_each_sum([](Real* sums, std::int64_t count, void*) { std::fill_n(sums, count, Real(0)); });
    const SequenceBuffer& d_x = buffers_.d_x;
    if (d_x.data == nullptr || buffers_.accumulates_x) return;
    auto* const data = static_cast<Element*>(d_x.data);
    const std::int64_t steps = spec_.packed ? d_x.packed_rows : spec_.T;
    for (std::int64_t t = 0; t < steps; ++t) {
      for (std::int64_t b = 0; b < (spec_.packed ? 1 : spec_.B); ++b) {
        const std::int64_t offset = spec_.packed ? t * d_x.strides.batch : d_x.strides.offset(t, b);
        std::fill_n(data + offset, spec_.I, Element(0));
      }
    }
  }

  /// Replaces d_h and d_c, the gradient of the states after the step that has read (t, b), by that of scratch.previous,
  /// the states before it, and adds to the sums. Without `kept` computes the step again.
  void run(std::int64_t t, std::int64_t b, const Real* kept, Real* d_h, Real* d_c) {
    const Element* x = static_cast<const Element*>(buffers_.run.x.data) + buffers_.run.x.strides.offset(t, b);
    if (kept == nullptr) keep_again(x);
    const Real* const d_unprojected = weights_.projection == nullptr ? d_h : run_projection(d_h);
    if constexpr (kPhases<Formula> == 2) run_candidate(d_h);
    for (std::int64_t u = 0; u < H_; ++u) run_unit(u, d_unprojected, d_h, d_c);
    add_products_to(d_h);
    add_to_sums(x);
    if (buffers_.d_x.data == nullptr) return;
    auto* d_x = static_cast<Element*>(buffers_.d_x.data) + buffers_.d_x.strides.offset(t, b);
    for (std::int64_t k = 0; k < spec_.I; ++k) {
      const Real before = buffers_.accumulates_x ? convert_element<Real>(d_x[k]) : Real(0);
      d_x[k] = convert_element<Element>(before + product(scratch_.d_input, weights_.kernel, k, 0, columns_));
    }
  }

  /// Writes or adds the sums to the gradients that are wanted.
  void store_weights() const {
    const WeightGradientBuffers& target = buffers_.d_weights;
    for_each_sum([&](const Real* sums, std::int64_t count, void* gradient) {
      if (gradient == nullptr) return;
      dispatch_dtype(target.dtype, [&]<typename Weight>(ElementTag<Weight>) {
        auto* const elements = static_cast<Weight*>(gradient);
        for (std::int64_t i = 0; i < count; ++i) {
          const Real before = target.accumulate ? convert_element<Real>(elements[i]) : Real(0);
          elements[i] = convert_element<Weight>(before + sums[i]);
        }
      });
    });
  }

 private:
  template <typename Function>
  void for_each_sum(const Function& function) const {
    const WeightGradientBuffers& target = buffers_.d_weights;
    function(scratch_.kernel, spec_.I * columns_, target.kernel);
    function(scratch_.recurrent_kernel, features_ * columns_, target.recurrent_kernel);
    function(scratch_.bias, columns_, target.bias);
    function(scratch_.recurrent_bias, columns_, target.recurrent_bias);
    function(scratch_.peepholes, 3 * H_, target.peepholes);
    function(scratch_.projection, H_ * features_, target.projection);
  }

  void keep_again(const Element* x) {
    for (int k = 0; k < Formula::kStates; ++k) {
      std::copy_n(scratch_.previous[k], state_units(spec_.cell, k), scratch_.again[k]);
    }
    forward_.advance(x, scratch_.again[0], scratch_.again[1], scratch_.kept);
  }

  /// sum over the columns first .. last - 1 of vector[column] matrix[row, column]: a row of vector matrix'
  Real product(const Real* vector, const void* matrix, std::int64_t row, std::int64_t first, std::int64_t last) const {
    Real sum = 0;
    for (std::int64_t column = first; column < last; ++column) {
      sum += vector[column] * Forward::weight(matrix, row * columns_ + column);
    }
    return sum;
  }

  void gather_kept(std::int64_t u, Real* kept) const {
    for (int k = 0; k < Formula::kKept; ++k) kept[k] = scratch_.kept[k * H_ + u];
  }

  /// dp = dh where p = m P is within the clip, else 0;  dP += m' dp;  dm = dp P', which it returns
  const Real* run_projection(const Real* d_h) {
    if constexpr (kIsLstmVariant<Formula>) {
      for (std::int64_t u = 0; u < H_; ++u) {
        Real kept[Formula::kKept];
        gather_kept(u, kept);
        scratch_.unprojected[u] = Formula::next(kept, UnitStates<Real>{.c = scratch_.previous[1][u]},
                                                forward_.activations(), forward_.variant_unit(u))
                                      .h;
      }
      const Real unbounded = bound_of<Real>(std::nullopt);
      const Real bound = bound_of<Real>(spec_.cell.projection_clip);
      forward_.project(scratch_.unprojected, unbounded, scratch_.projected);
      std::fill_n(scratch_.d_unprojected, H_, Real(0));
      for (std::int64_t p = 0; p < features_; ++p) {
        if (!(scratch_.projected[p] >= -bound && scratch_.projected[p] <= bound)) continue;
        for (std::int64_t u = 0; u < H_; ++u) {
          scratch_.projection[u * features_ + p] += scratch_.unprojected[u] * d_h[p];
          scratch_.d_unprojected[u] += d_h[p] * Forward::weight(weights_.projection, u * features_ + p);
        }
      }
    }
    return scratch_.d_unprojected;
  }

  /// d(r h) = da_n U_n'
  void run_candidate(const Real* d_h) {
    if constexpr (kPhases<Formula> == 2) {
      const std::int64_t first = Formula::kProductsBeforeReset * H_;
      Real kept[Formula::kKept];
      for (std::int64_t u = 0; u < H_; ++u) {
        gather_kept(u, kept);
        scratch_.d_recurrent[first + u] = Formula::backward_candidate(kept, d_h[u], forward_.activations());
      }
      for (std::int64_t u = 0; u < H_; ++u) {
        scratch_.d_reset_h[u] = product(scratch_.d_recurrent, weights_.recurrent_kernel, u, first, columns_);
      }
    }
  }

  void run_unit(std::int64_t u, const Real* d_unprojected, Real* d_h, Real* d_c) {
    const bool projects = weights_.projection != nullptr;
    Real kept[Formula::kKept];
    gather_kept(u, kept);
    const UnitStates<Real> previous{projects ? Real(0) : scratch_.previous[0][u], scratch_.previous[1][u]};
    const UnitStates<Real> d_next{d_unprojected[u], d_c[u]};
    UnitGradient<Real, Formula::kGates> gradient;
    if constexpr (kIsLstmVariant<Formula>) {
      const auto unit = forward_.variant_unit(u);
      gradient = Formula::backward(kept, previous, d_next, forward_.activations(), unit);
      const Real c = Formula::next(kept, previous, forward_.activations(), unit).c;
      scratch_.peepholes[u] += gradient.input[0] * previous.c;
      scratch_.peepholes[H_ + u] += gradient.input[1] * previous.c;
      scratch_.peepholes[2 * H_ + u] += gradient.input[3] * c;
    } else if constexpr (kPhases<Formula> == 2) {
      gradient = Formula::backward(kept, previous, d_next, forward_.activations(), scratch_.d_reset_h[u]);
    } else {
      gradient = Formula::backward(kept, previous, d_next, forward_.activations());
    }
    for (int gate = 0; gate < Formula::kGates; ++gate) {
      scratch_.d_input[gate * H_ + u] = gradient.input[gate];
      scratch_.d_recurrent[gate * H_ + u] = gradient.recurrent[gate];
    }
    if (!projects) d_h[u] = gradient.previous.h;
    if constexpr (Formula::kStates == 2) d_c[u] = gradient.previous.c;
  }

  /// d_h += da U', over the gates whose product takes h itself
  void add_products_to(Real* d_h) const {
    const std::int64_t last = Formula::kProductsBeforeReset * H_;
    for (std::int64_t k = 0; k < features_; ++k) {
      const Real sum = product(scratch_.d_recurrent, weights_.recurrent_kernel, k, 0, last);
      d_h[k] = weights_.projection == nullptr ? d_h[k] + sum : sum;
    }
  }

  /// dW += x' d(x W), dU += h' d(h U), db += d(x W), drb += d(h U); a candidate that takes r h has (r h)' in place of
  /// h'
  void add_to_sums(const Element* x) {
    for (std::int64_t column = 0; column < columns_; ++column) {
      scratch_.bias[column] += scratch_.d_input[column];
      scratch_.recurrent_bias[column] += scratch_.d_recurrent[column];
      for (std::int64_t k = 0; k < spec_.I; ++k) {
        scratch_.kernel[k * columns_ + column] += convert_element<Real>(x[k]) * scratch_.d_input[column];
      }
      const bool takes_reset_h = column >= Formula::kProductsBeforeReset * H_;
      for (std::int64_t k = 0; k < features_; ++k) {
        const Real r = takes_reset_h ? value_of_kept(spec_.cell.recurrent_activation, scratch_.kept[H_ + k]) : Real(1);
        scratch_.recurrent_kernel[k * columns_ + column] += r * scratch_.previous[0][k] * scratch_.d_recurrent[column];
      }
    }
  }

  const RecurrenceSpec& spec_;
  const WeightBuffers& weights_;
  const GradientBuffers& buffers_;
  const StepGradientScratch<Real>& scratch_;
  const Forward& forward_;
  const std::int64_t H_, columns_, features_;
};

}  // namespace rondo
