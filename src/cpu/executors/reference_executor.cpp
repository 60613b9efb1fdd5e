#include "cpu/executors/reference_executor.h"

#include <algorithm>

#include "recurrence/dispatch_cell.h"
#include "recurrence/simple_decision.h"
#include "recurrence/workspace.h"
#include "vocabulary/dispatch_dtype.h"

namespace rondo {
namespace {

/// What the loop keeps between steps, and the sums of one row.
template <typename Real>
struct Scratch {
  Real* states[kMaxStates];  ///< each (B, H); h is (B, P) with a projection
  Real* output;              ///< (B, P or H): what each row emitted last
  Real* input_sums;          ///< (G H): x W + b
  Real* recurrent_sums;      ///< (G H): h U + rb
  Real* reset_state;         ///< (H): r h
  Real* unprojected;         ///< (H): the operand of the projection

  Scratch(WorkspaceCutter& cutter, const RecurrenceSpec& spec) {
    const std::int64_t H = spec.cell.units;
    const std::int64_t gates = gate_count(spec.cell.kind);
    for (int k = 0; k < kMaxStates; ++k) states[k] = cutter.take<Real>(spec.B * state_units(spec.cell, k));
    output = cutter.take<Real>(spec.B * output_units(spec.cell));
    input_sums = cutter.take<Real>(gates * H);
    recurrent_sums = cutter.take<Real>(gates * H);
    reset_state = cutter.take<Real>(H);
    unprojected = cutter.take<Real>(H);
  }
};

/// Carries out a recurrence. Element is the type of the buffers, Real the type of the arithmetic.
template <typename Formula, typename Element, typename Real>
class ReferenceLoop {
 public:
  ReferenceLoop(const RunnerRequest& request, const RecurrenceBuffers& buffers, const Scratch<Real>& scratch)
      : spec_(request.spec),
        weights_(request.weights),
        buffers_(buffers),
        scratch_(scratch),
        H_(request.spec.cell.units),
        features_(output_units(request.spec.cell)) {}

  void run() {
    std::fill_n(scratch_.recurrent_sums, Formula::kGates * H_, Real(0));
    for (std::int64_t b = 0; b < spec_.B; ++b) load_states(buffers_.initial_state, b);
    for (std::int64_t s = 0; s < spec_.T; ++s) {
      for (std::int64_t b = 0; b < spec_.B; ++b) {
        Real* output = scratch_.output + b * features_;
        const Real* h = scratch_.states[0] + b * features_;
        if (buffers_.schedule.resets_before(s, b)) load_states(buffers_.reset_state, b);
        if (buffers_.schedule.live(s, b)) {
          advance(buffers_.schedule.read_time(s, b), b);
          std::copy_n(h, features_, output);
        } else if (spec_.rules.dead == DeadOutput::zeros) {
          std::fill_n(output, features_, Real(0));
        } else if (spec_.rules.dead == DeadOutput::incoming_state) {
          std::copy_n(h, features_, output);
        }  // else the previous output stays
        const std::int64_t time = buffers_.schedule.write_time(s, b);
        const TimeBatchStrides& y = buffers_.y.strides;
        if (buffers_.y.data == nullptr || !y.has(time, buffers_.schedule.length(b))) continue;
        store(output, features_, static_cast<Element*>(buffers_.y.data) + y.offset(time, b));
      }
    }
    store_results();
  }

 private:
  /// states of row b = formula(x[t, b] W + bias, h U + recurrent bias, states)
  void advance(std::int64_t t, std::int64_t b) {
    const Element* x = static_cast<const Element*>(buffers_.x.data) + buffers_.x.strides.offset(t, b);
    Real* h = scratch_.states[0] + b * features_;
    Real* c = scratch_.states[1] + b * H_;
    const Activations activations{spec_.cell.activation, spec_.cell.recurrent_activation};
    product(x, spec_.I, weights_.kernel, weights_.bias, 0, Formula::kGates, scratch_.input_sums);
    product(h, features_, weights_.recurrent_kernel, weights_.recurrent_bias, 0, Formula::kProductsBeforeReset,
            scratch_.recurrent_sums);
    Real input[Formula::kGates];
    Real recurrent[Formula::kGates];
    if constexpr (kPhases<Formula> == 2) {
      for (std::int64_t u = 0; u < H_; ++u) {
        gather(u, input, recurrent);
        scratch_.reset_state[u] = Formula::reset(input, recurrent, h[u], activations);
      }
      product(scratch_.reset_state, H_, weights_.recurrent_kernel, weights_.recurrent_bias,
              Formula::kProductsBeforeReset, Formula::kGates, scratch_.recurrent_sums);
    }
    if constexpr (kIsLstmVariant<Formula>) {
      advance_variant(activations, h, c);
    } else {
      for (std::int64_t u = 0; u < H_; ++u) {
        gather(u, input, recurrent);
        const UnitStates<Real> next = Formula::step(input, recurrent, UnitStates<Real>{h[u], c[u]}, activations);
        h[u] = next.h;
        c[u] = next.c;
      }
    }
  }

  /// h, c = formula(sums, c);  with a projection h = clip(h projection)
  void advance_variant(Activations activations, Real* h, Real* c) {
    const bool projects = weights_.projection != nullptr;
    Real* unprojected = projects ? scratch_.unprojected : h;
    Real input[Formula::kGates];
    Real recurrent[Formula::kGates];
    for (std::int64_t u = 0; u < H_; ++u) {
      gather(u, input, recurrent);
      const UnitStates<Real> next =
          Formula::step(input, recurrent, UnitStates<Real>{Real(0), c[u]}, activations, variant_unit(u));
      unprojected[u] = next.h;
      c[u] = next.c;
    }
    if (!projects) return;
    const Real bound = bound_of<Real>(spec_.cell.projection_clip);
    for (std::int64_t p = 0; p < features_; ++p) {
      Real sum = 0;
      for (std::int64_t u = 0; u < H_; ++u) sum += unprojected[u] * weight(weights_.projection, u * features_ + p);
      h[p] = formula::clip(sum, -bound, bound);
    }
  }

  LstmVariantUnit<Real> variant_unit(std::int64_t u) const {
    LstmVariantUnit<Real> unit{.cell_clip = bound_of<Real>(spec_.cell.cell_clip)};
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

  static void store(const Real* row, std::int64_t units, Element* target) {
    std::transform(row, row + units, target, [](Real value) { return convert_element<Element>(value); });
  }

  /// The states of row b, which has emitted nothing with them yet.
  void load_states(const std::array<BatchBuffer, kMaxStates>& states, std::int64_t b) {
    std::fill_n(scratch_.output + b * features_, features_, Real(0));
    for (int k = 0; k < kMaxStates; ++k) {
      const std::int64_t units = state_units(spec_.cell, k);
      const BatchBuffer& given = states[static_cast<std::size_t>(k)];
      Real* row = scratch_.states[k] + b * units;
      std::fill_n(row, units, Real(0));
      if (given.data == nullptr) continue;
      const Element* source = static_cast<const Element*>(given.data) + buffers_.schedule.state_row(b) * given.stride;
      std::transform(source, source + units, row, [](Element value) { return convert_element<Real>(value); });
    }
  }

  void store_results() const {
    const auto store_rows = [&](const Real* rows, std::int64_t units, const BatchBuffer& target) {
      if (target.data == nullptr) return;
      for (std::int64_t b = 0; b < spec_.B; ++b) {
        store(rows + b * units, units,
              static_cast<Element*>(target.data) + buffers_.schedule.state_row(b) * target.stride);
      }
    };
    store_rows(scratch_.output, features_, buffers_.last_output);
    for (int k = 0; k < Formula::kStates; ++k) {
      store_rows(scratch_.states[k], state_units(spec_.cell, k), buffers_.final_state[static_cast<std::size_t>(k)]);
    }
  }

  const RecurrenceSpec& spec_;
  const WeightBuffers& weights_;
  const RecurrenceBuffers& buffers_;
  const Scratch<Real>& scratch_;
  const std::int64_t H_;
  const std::int64_t features_;  ///< features of h: P with a projection, else H
};

class ReferenceRunner final : public Runner {
 public:
  explicit ReferenceRunner(const RunnerRequest& request) : request_(request) {}

  void run(const RecurrenceBuffers& buffers, void* workspace) override {
    switch (request_.spec.dtype) {
      case DType::f64: return run_cell<double, double>(buffers, workspace);
      case DType::f32: return run_cell<float, float>(buffers, workspace);
      case DType::f16: return run_cell<Float16, float>(buffers, workspace);
      case DType::bf16: return run_cell<BFloat16, float>(buffers, workspace);
      default: throw ValueError("dtype", to_string(request_.spec.dtype), "a floating dtype");
    }
  }

 private:
  template <typename Element, typename Real>
  void run_cell(const RecurrenceBuffers& buffers, void* workspace) const {
    WorkspaceCutter cutter(workspace);
    const Scratch<Real> scratch(cutter, request_.spec);
    dispatch_cell(request_.spec.cell, [&]<typename Formula>(FormulaTag<Formula>) {
      ReferenceLoop<Formula, Element, Real>(request_, buffers, scratch).run();
    });
  }

  const RunnerRequest request_;
};

class ReferenceExecutor final : public Executor {
 public:
  std::string_view name() const override { return "reference"; }

  Answer decide(const RecurrenceSpec& spec, const DeviceProperties&) const override {
    WorkspaceCutter cutter(nullptr);
    Scratch<double> scratch(cutter, spec);  // float needs less
    return decision_for<ReferenceRunner>({.workspace_bytes = cutter.used()});
  }
};

}  // namespace

const Executor& reference_executor() {
  static const ReferenceExecutor executor;
  return executor;
}

}  // namespace rondo
