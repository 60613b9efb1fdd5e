/// One step of one row of the reference executor, forward.
#pragma once

#include <algorithm>

#include "recurrence/dispatch_cell.h"
#include "recurrence/executor.h"
#include "recurrence/workspace.h"
#include "vocabulary/dispatch_dtype.h"

namespace rondo {

/// The sums of one row.
template <typename Real>
struct StepScratch {
  Real* input_sums;      ///< (G H): x W + b
  Real* recurrent_sums;  ///< (G H): h U + rb
  Real* reset_h;         ///< (H): r h
  Real* unprojected;     ///< (H): the operand of the projection

  StepScratch(WorkspaceCutter& cutter, const RecurrenceSpec& spec) {
    const std::int64_t H = spec.cell.units;
    const std::int64_t gates = gate_count(spec.cell.kind);
    input_sums = cutter.take<Real>(gates * H);
    recurrent_sums = cutter.take<Real>(gates * H);
    reset_h = cutter.take<Real>(H);
    unprojected = cutter.take<Real>(H);
  }
};

/// Computes steps of rows. Element is the type of the buffers, Real the type of the arithmetic.
template <typename Formula, typename Element, typename Real>
class ReferenceStep {
 public:
  ReferenceStep(const RunnerRequest& request, const StepScratch<Real>& scratch)
      : cell_(request.spec.cell),
        weights_(request.weights),
        scratch_(scratch),
        I_(request.spec.I),
        H_(request.spec.cell.units),
        features_(output_units(request.spec.cell)) {
    std::fill_n(scratch_.recurrent_sums, Formula::kGates * H_, Real(0));
  }

  /// h, c = formula(x W + bias, h U + recurrent bias, h, c). Writes what the gradient needs to `kept`, [kKept][H],
  /// unless it is null.
  void advance(const Element* x, Real* h, Real* c, Real* kept) const {
    product(x, I_, weights_.kernel, weights_.bias, 0, Formula::kGates, scratch_.input_sums);
    product(h, features_, weights_.recurrent_kernel, weights_.recurrent_bias, 0, Formula::kProductsBeforeReset,
            scratch_.recurrent_sums);
    Real input[Formula::kGates];
    Real recurrent[Formula::kGates];
    if constexpr (kPhases<Formula> == 2) {
      for (std::int64_t u = 0; u < H_; ++u) {
        gather(u, input, recurrent);
        scratch_.reset_h[u] = Formula::reset(input, recurrent, h[u], activations());
      }
      product(scratch_.reset_h, H_, weights_.recurrent_kernel, weights_.recurrent_bias, Formula::kProductsBeforeReset,
              Formula::kGates, scratch_.recurrent_sums);
    }
    const bool projects = weights_.projection != nullptr;
    Real* const next_h = projects ? scratch_.unprojected : h;
    for (std::int64_t u = 0; u < H_; ++u) {
      gather(u, input, recurrent);
      const UnitStates<Real> next = step(u, input, recurrent, {projects ? Real(0) : h[u], c[u]}, kept);
      next_h[u] = next.h;
      c[u] = next.c;
    }
    if (projects) project(scratch_.unprojected, bound_of<Real>(cell_.projection_clip), h);
  }

  /// target = clip(unprojected projection)
  void project(const Real* unprojected, Real bound, Real* target) const {
    for (std::int64_t p = 0; p < features_; ++p) {
      Real sum = 0;
      for (std::int64_t u = 0; u < H_; ++u) sum += unprojected[u] * weight(weights_.projection, u * features_ + p);
      target[p] = formula::clip(sum, -bound, bound);
    }
  }

  Activations activations() const { return {cell_.activation, cell_.recurrent_activation}; }

  LstmVariantUnit<Real> variant_unit(std::int64_t u) const {
    LstmVariantUnit<Real> unit{.cell_clip = bound_of<Real>(cell_.cell_clip)};
    if (weights_.peepholes == nullptr) return unit;
    unit.has_peepholes = true;
    unit.w_i = weight(weights_.peepholes, u);
    unit.w_f = weight(weights_.peepholes, H_ + u);
    unit.w_o = weight(weights_.peepholes, 2 * H_ + u);
    return unit;
  }

  static Real weight(const void* weights, std::int64_t index) {
    return convert_element<Real>(static_cast<const Element*>(weights)[index]);
  }

 private:
  UnitStates<Real> step(std::int64_t u, const Real* input, const Real* recurrent, const UnitStates<Real>& previous,
                        Real* kept) const {
    const auto of_formula = [&](auto keep) {
      if constexpr (kIsLstmVariant<Formula>) {
        return Formula::step(input, recurrent, previous, activations(), variant_unit(u), keep);
      } else {
        return Formula::step(input, recurrent, previous, activations(), keep);
      }
    };
    if (kept == nullptr) return of_formula(KeepNothing{});
    return of_formula(KeepIn<Real>{kept + u, H_});
  }

  /// sums[column] = bias[column] + sum over k of vector[k] matrix[k, column], for the columns of gates first .. last -
  /// 1
  template <typename Number>
  void product(const Number* vector, std::int64_t length, const void* matrix, const void* bias, int first, int last,
               Real* sums) const {
    const std::int64_t columns = Formula::kGates * H_;
    for (std::int64_t column = first * H_; column < last * H_; ++column) {
      Real sum = bias == nullptr ? Real(0) : weight(bias, column);
      for (std::int64_t k = 0; k < length; ++k) {
        sum += convert_element<Real>(vector[k]) * weight(matrix, k * columns + column);
      }
      sums[column] = sum;
    }
  }

  void gather(std::int64_t u, Real* input, Real* recurrent) const {
    for (int gate = 0; gate < Formula::kGates; ++gate) {
      input[gate] = scratch_.input_sums[gate * H_ + u];
      recurrent[gate] = scratch_.recurrent_sums[gate * H_ + u];
    }
  }

  const CellSpec& cell_;
  const WeightBuffers& weights_;
  const StepScratch<Real> scratch_;
  const std::int64_t I_;
  const std::int64_t H_;
  const std::int64_t features_;  ///< features of h: P with a projection, else H
};

}  // namespace rondo
