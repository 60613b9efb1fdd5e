/// run_stepwise, run_stepwise_keeping and run_segment_again, which instances of instance.cu.in and
/// keeping_instance.cu.in instantiate once for each Element:
///
///     load states (if there are any);  input sums = x W
///     for s in 0 .. T-1:
///       recurrent sums = h U;  [r * h; recurrent sums = (r * h) U for the candidate]      not where h is zeros yet
///       gates;  at the last step also the results
///       or, where h is projected:  gates;  projected sums = (o act(c)) projection;  h
#pragma once

#include "cuda/stepwise/keeping_launchers.cuh"
#include "cuda/stepwise/segment_states.cuh"
#include "cuda/stepwise/stepwise_launchers.cuh"
#include "cuda/stepwise/stepwise_loop.h"
#include "cuda/stepwise/stepwise_scratch.h"
#include "recurrence/dispatch_cell.h"

namespace rondo {

template <typename Formula, typename Element, bool kKeepsReserve>
class StepwiseLoop {
 public:
  explicit StepwiseLoop(const StepwiseRun& run)
      : run_(run), scratch_(stepwise_scratch<Element>(run.spec, run.workspace)), states_(scratch_.states) {
    if constexpr (Formula::kStates < 2) states_.c = nullptr;
    if constexpr (kIsLstmVariant<Formula>) {
      variant_.cell_clip = bound_of<ComputeType<Element>>(run.spec.cell.cell_clip);
      if (run.peepholes != nullptr)
        variant_.peepholes = static_cast<const ComputeType<Element>*>(run.peepholes->data());
    }
    const InputProjection& inputs = run.input_products.input_projection(run.buffers.x);
    sums_ =
        StepSums<Element>{.schedule = run.buffers.schedule,
                          .H = run.spec.cell.units,
                          .activations = {run.spec.cell.activation, run.spec.cell.recurrent_activation},
                          .input_sums = scratch_.input_sums + inputs.sums_offset,
                          .input_strides = inputs.sums_strides,
                          .recurrent_sums = scratch_.recurrent_sums,
                          .bias = static_cast<const ComputeType<Element>*>(run.biases.data()),
                          .recurrent_bias = static_cast<const ComputeType<Element>*>(run.biases.select(0, 1).data())};
    if constexpr (kKeepsReserve) {
      if (run.swap == nullptr) kept_ = kept_rows(run.spec, run.buffers);
    }
  }

  /// The states in front of the step s, and their rows in the reserve.
  SegmentStates<Element> segment_states(std::int64_t first_row, std::int64_t s) const {
    return {.schedule = sums_.schedule,
            .s = s,
            .first_row = first_row,
            .h_units = output_units(run_.spec.cell),
            .c_units = run_.spec.cell.units,
            .piece = piece(),
            .states = states_,
            .kept = kept_rows(run_.spec, run_.buffers)};
  }

  void run_again(std::int64_t first_row, const KeptRows& segment) {
    launch_load_segment(segment_states(first_row, segment.first_step), run_.how);
    kept_ = segment;
    steps(segment.first_step, segment.last_step, true);
  }

  void run() {
    const bool loads = run_.buffers.initial_state[0].data != nullptr || run_.spec.has_resets;
    if (loads || run_.spec.T == 0) load_states();
    run_.input_products.multiply_inputs(run_.buffers, scratch_.input_sums, scratch_.product_workspace, run_.how.stream);
    if (kKeepsReserve && run_.swap != nullptr) {
      run_.swap->write({run_.buffers, scratch_.slots, run_.how.stream}, [&](const KeptRows& chunk) {
        kept_ = chunk;
        steps(chunk.first_step, chunk.last_step, loads);
      });
    } else {
      steps(0, run_.spec.T, loads);
    }
    if (run_.spec.T == 0) store_results();
  }

 private:
  /// The steps first .. last - 1, of which the first of all begins from zeros unless states were loaded.
  void steps(std::int64_t first, std::int64_t last, bool loaded) {
    for (std::int64_t s = first; s < last; ++s) {
      sums_.s = s;
      const bool from_zeros = s == 0 && !loaded;
      if (!kKeepsReserve && run_.spec.segment > 0 && s % run_.spec.segment == 0) keep_segment(s, from_zeros);
      step(from_zeros);
    }
  }

  void keep_segment(std::int64_t s, bool from_zeros) const {
    SegmentStates<Element> states = segment_states(s / run_.spec.segment * run_.spec.B, s);
    states.from_zeros = from_zeros;
    launch_keep_segment(states, run_.how);
  }

  void load_states() const {
    const auto& initial = run_.buffers.initial_state;
    launch_load_states(LoadStates<Element>{.schedule = run_.buffers.schedule,
                                           .h_units = output_units(run_.spec.cell),
                                           .c_units = run_.spec.cell.units,
                                           .flags = run_.buffers.flags,
                                           .initial_h = rows<const Element>(initial[0]),
                                           .initial_c = rows<const Element>(initial[1]),
                                           .piece = piece(),
                                           .states = states_},
                       run_.how);
  }

  void step(bool from_zeros) const {
    if (!from_zeros) multiply_states();
    const ResultRows<Element> wanted = sums_.s + 1 == run_.spec.T ? results() : ResultRows<Element>{};
    if constexpr (kIsLstmVariant<Formula>) {
      if (run_.spec.cell.projection_units) return projected_step(from_zeros, wanted);
    }
    const SequenceBuffer& y = run_.buffers.y;
    const GateStep<Formula, Element> gates{.sums = sums_,
                                           .states = states_,
                                           .piece = piece(),
                                           .from_zeros = from_zeros,
                                           .variant = variant_,
                                           .flags = run_.buffers.flags,
                                           .results = wanted,
                                           .y = static_cast<Element*>(y.data),
                                           .y_strides = y.strides};
    if constexpr (kKeepsReserve) {
      launch_keeping_gate_step(Keeping<GateStep<Formula, Element>>{gates, kept_}, run_.how);
    } else {
      launch_gate_step(gates, run_.how);
    }
  }

  void projected_step(bool from_zeros, const ResultRows<Element>& wanted) const {
    const UnprojectedStep<Element> gates{.sums = sums_,
                                         .variant = variant_,
                                         .from_zeros = from_zeros,
                                         .c = states_.c,
                                         .piece_c = piece().c,
                                         .operand = scratch_.unprojected,
                                         .final_c = wanted.final_c};
    const SequenceBuffer& y = run_.buffers.y;
    const ProjectedStep<Element> projected{
        .schedule = sums_.schedule,
        .s = sums_.s,
        .P = output_units(run_.spec.cell),
        .sums = scratch_.projected_sums,
        .clip = bound_of<ComputeType<Element>>(run_.spec.cell.projection_clip),
        .states = {.h = states_.h, .operand = states_.operand, .was_live = states_.was_live},
        .piece = {.h = piece().h},
        .from_zeros = from_zeros,
        .flags = run_.buffers.flags,
        .results = {.last_output = wanted.last_output, .final_h = wanted.final_h},
        .y = static_cast<Element*>(y.data),
        .y_strides = y.strides};
    if constexpr (kKeepsReserve) {
      launch_keeping_unprojected_step(Keeping<UnprojectedStep<Element>>{gates, kept_}, run_.how);
      project();
      launch_keeping_projected_step(Keeping<ProjectedStep<Element>>{projected, kept_}, run_.how);
    } else {
      launch_unprojected_step(gates, run_.how);
      project();
      launch_projected_step(projected, run_.how);
    }
  }

  void project() const {
    run_.products.project(scratch_.unprojected, scratch_.projected_sums, scratch_.product_workspace, run_.how.stream);
  }

  void multiply_states() const {
    multiply(RecurrentPart::before_reset,
             states_.operand == nullptr ? static_cast<const void*>(states_.h) : states_.operand);
    if constexpr (kPhases<Formula> == 2) {
      launch_reset_step<Formula>(ResetStep<Element>{sums_, states_.h, scratch_.reset_operand}, run_.how);
      multiply(RecurrentPart::after_reset, scratch_.reset_operand);
    }
  }

  void multiply(RecurrentPart part, const void* operand) const {
    run_.products.multiply_states(part, operand, scratch_.recurrent_sums, scratch_.product_workspace, run_.how.stream);
  }

  void store_results() const {
    launch_store_results(StoreResults<Element>{run_.buffers.schedule, output_units(run_.spec.cell),
                                               run_.spec.cell.units, states_, results()},
                         run_.how);
  }

  ResultRows<Element> results() const {
    return {.last_output = rows<Element>(run_.buffers.last_output),
            .final_h = rows<Element>(run_.buffers.final_state[0]),
            .final_c = rows<Element>(run_.buffers.final_state[1])};
  }

  PieceStates<Element> piece() const {
    return {.h = rows<const Element>(run_.buffers.reset_state[0]),
            .c = rows<const Element>(run_.buffers.reset_state[1])};
  }

  template <typename Row>
  static BatchRows<Row> rows(const BatchBuffer& buffer) {
    return {static_cast<Row*>(buffer.data), buffer.stride};
  }

  const StepwiseRun& run_;
  const StepwiseScratch<Element> scratch_;
  StepStates<Element> states_;
  StepSums<Element> sums_;
  VariantStep<Formula, Element> variant_;
  KeptRows kept_;
};

template <typename Element>
void run_stepwise(const StepwiseRun& run) {
  dispatch_cell(run.spec.cell,
                [&]<typename Formula>(FormulaTag<Formula>) { StepwiseLoop<Formula, Element, false>(run).run(); });
}

template <typename Element>
void run_stepwise_keeping(const StepwiseRun& run) {
  dispatch_cell(run.spec.cell,
                [&]<typename Formula>(FormulaTag<Formula>) { StepwiseLoop<Formula, Element, true>(run).run(); });
}

template <typename Element>
void run_segment_again(const StepwiseRun& run, std::int64_t first_row, const KeptRows& segment) {
  dispatch_cell(run.spec.cell, [&]<typename Formula>(FormulaTag<Formula>) {
    StepwiseLoop<Formula, Element, true>(run).run_again(first_row, segment);
  });
}

}  // namespace rondo
