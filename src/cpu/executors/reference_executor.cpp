#include "cpu/executors/reference_executor.h"

#include <algorithm>

#include "cpu/executors/dispatch_reference.h"
#include "cpu/executors/reference_backward.h"
#include "cpu/executors/reference_step.h"
#include "cpu/executors/reserve_rows.h"
#include "recurrence/run_sizes.h"
#include "recurrence/simple_decision.h"

namespace rondo {
namespace {

/// What the loop keeps between steps, and the sums of one row.
template <typename Real>
struct Scratch {
  Real* states[kMaxStates];  ///< each (B, H); h is (B, P) with a projection
  Real* output;              ///< (B, P or H): what each row emitted last
  Real* kept;                ///< (kKept, H): what the gradient of a step needs
  StepScratch<Real> step;

  Scratch(WorkspaceCutter& cutter, const RecurrenceSpec& spec) : step(cutter, spec) {
    for (int k = 0; k < kMaxStates; ++k) states[k] = cutter.take<Real>(spec.B * state_units(spec.cell, k));
    output = cutter.take<Real>(spec.B * output_units(spec.cell));
    kept = cutter.take<Real>(spec.keep == Keep::gates ? kept_count(spec.cell) * spec.cell.units : 0);
  }
};

/// Carries out a recurrence. Element is the type of the buffers, Real the type of the arithmetic.
template <typename Formula, typename Element, typename Real>
class ReferenceLoop {
 public:
  ReferenceLoop(const RunnerRequest& request, const RecurrenceBuffers& buffers, const Scratch<Real>& scratch)
      : spec_(request.spec),
        buffers_(buffers),
        scratch_(scratch),
        step_(request, scratch.step),
        reserve_(reserve_of(request.spec, buffers)),
        H_(request.spec.cell.units),
        features_(output_units(request.spec.cell)) {}

  void run() {
    for (std::int64_t b = 0; b < spec_.B; ++b) load_states(buffers_.initial_state, b);
    for (std::int64_t s = 0; s < spec_.T; ++s) {
      for (std::int64_t b = 0; b < spec_.B; ++b) {
        Real* output = scratch_.output + b * features_;
        const Real* h = scratch_.states[0] + b * features_;
        if (spec_.segment > 0 && s % spec_.segment == 0) keep_states(s / spec_.segment * spec_.B + b, b);
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
  static ReserveRows<Real> reserve_of(const RecurrenceSpec& spec, const RecurrenceBuffers& buffers) {
    if (spec.keep == Keep::nothing) return {{}, nullptr};
    return {reserve_layout(spec, buffers.x.packed_rows), buffers.reserve};
  }

  /// The states of row b after it has read step t.
  void advance(std::int64_t t, std::int64_t b) {
    const std::int64_t row = reserve_row(buffers_.schedule, buffers_.x.strides, t, b);
    if (spec_.keep != Keep::nothing && spec_.segment == 0) keep_states(row, b);
    const bool keeps_gates = spec_.keep == Keep::gates;
    step_.advance(static_cast<const Element*>(buffers_.x.data) + buffers_.x.strides.offset(t, b),
                  scratch_.states[0] + b * features_, scratch_.states[1] + b * H_,
                  keeps_gates ? scratch_.kept : nullptr);
    if (keeps_gates) reserve_.store_gates(row, scratch_.kept);
  }

  void keep_states(std::int64_t row, std::int64_t b) const {
    reserve_.store_states(row, scratch_.states[0] + b * features_, scratch_.states[1] + b * H_);
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
  const RecurrenceBuffers& buffers_;
  const Scratch<Real>& scratch_;
  const ReferenceStep<Formula, Element, Real> step_;
  const ReserveRows<Real> reserve_;
  const std::int64_t H_;
  const std::int64_t features_;  ///< features of h: P with a projection, else H
};

class ReferenceRunner final : public Runner {
 public:
  explicit ReferenceRunner(const RunnerRequest& request) : request_(request) {}

  void run(const RecurrenceBuffers& buffers, void* workspace) override {
    if (request_.spec.state_rows > 0) take_sizes(request_.spec, buffers);
    dispatch_reference(request_.spec, [&]<typename Formula, typename Element, typename Real>() {
      WorkspaceCutter cutter(workspace);
      const Scratch<Real> scratch(cutter, request_.spec);
      ReferenceLoop<Formula, Element, Real>(request_, buffers, scratch).run();
    });
  }

 private:
  RunnerRequest request_;  ///< with state_rows: T and B are those of the run
};

class ReferenceExecutor final : public Executor {
 public:
  std::string_view name() const override { return "reference"; }

  Answer decide(const RecurrenceSpec& spec, const DeviceProperties&) const override {
    WorkspaceCutter cutter(nullptr);
    Scratch<double> scratch(cutter, spec);  // float needs less
    return decision_for<ReferenceRunner>({.workspace_bytes = cutter.used()});
  }

  std::optional<Refusal> refuse_to_keep(const RecurrenceSpec&) const override { return std::nullopt; }

  BackwardAnswer decide_backward(const RecurrenceSpec& spec, const DeviceProperties&) const override {
    return decide_reference_backward(spec);
  }
};

}  // namespace

const Executor& reference_executor() {
  static const ReferenceExecutor executor;
  return executor;
}

}  // namespace rondo
