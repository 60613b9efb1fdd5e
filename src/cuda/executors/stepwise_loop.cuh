/// run_stepwise, to be instantiated once for each Element:
///
///     load states; input sums = x W
///     for s in 0 .. T-1:
///       recurrent sums = h U;  [r * h; recurrent sums = (r * h) U for the candidate]
///       gates
///     store results
#pragma once

#include "cuda/executors/stepwise_launchers.cuh"
#include "cuda/executors/stepwise_loop.h"
#include "cuda/executors/stepwise_scratch.h"
#include "recurrence/dispatch_cell.h"

namespace rondo {

template <typename Formula, typename Element>
class StepwiseLoop {
 public:
  explicit StepwiseLoop(const StepwiseRun& run)
      : run_(run), scratch_(stepwise_scratch<Element>(run.spec, run.workspace)), states_(scratch_.states) {
    if constexpr (Formula::kStates < 2) states_.c = nullptr;
    const InputProjection& inputs = run.products.input_projection(run.buffers.x.strides);
    sums_ = StepSums<Element>{.schedule = run.buffers.schedule,
                              .H = run.spec.cell.units,
                              .activations = {run.spec.cell.activation, run.spec.cell.recurrent_activation},
                              .input_sums = scratch_.input_sums + inputs.sums_offset,
                              .input_strides = inputs.sums_strides,
                              .recurrent_sums = scratch_.recurrent_sums,
                              .bias = static_cast<const Element*>(run.weights.bias),
                              .recurrent_bias = static_cast<const Element*>(run.weights.recurrent_bias)};
  }

  void run() {
    load_states();
    run_.products.multiply_inputs(run_.buffers, scratch_.input_sums, scratch_.product_workspace, run_.stream);
    for (std::int64_t s = 0; s < run_.spec.T; ++s) {
      sums_.s = s;
      step();
    }
    store_results();
  }

 private:
  void load_states() const {
    const auto& initial = run_.buffers.initial_state;
    launch_load_states(LoadStates<Element>{.schedule = run_.buffers.schedule,
                                           .H = run_.spec.cell.units,
                                           .flags = run_.buffers.flags,
                                           .initial_h = rows<const Element>(initial[0]),
                                           .initial_c = rows<const Element>(initial[1]),
                                           .states = states_},
                       run_.stream);
  }

  void step() const {
    const void* h = states_.operand == nullptr ? static_cast<const void*>(states_.h) : states_.operand;
    multiply(RecurrentPart::before_reset, h);
    if constexpr (Formula::kProductsBeforeReset < Formula::kGates) {
      launch_reset_step<Formula>(ResetStep<Element>{sums_, states_.h, scratch_.reset_operand}, run_.stream, run_.order);
      multiply(RecurrentPart::after_reset, scratch_.reset_operand);
    }
    const SequenceBuffer& y = run_.buffers.y;
    launch_gate_step<Formula>(GateStep<Element>{sums_, states_, static_cast<Element*>(y.data), y.strides}, run_.stream,
                              run_.order);
  }

  void multiply(RecurrentPart part, const void* operand) const {
    run_.products.multiply_states(part, operand, scratch_.recurrent_sums, scratch_.product_workspace, run_.stream);
  }

  void store_results() const {
    launch_store_results(StoreResults<Element>{.schedule = run_.buffers.schedule,
                                               .H = run_.spec.cell.units,
                                               .states = states_,
                                               .last_output = rows<Element>(run_.buffers.last_output),
                                               .final_h = rows<Element>(run_.buffers.final_state[0]),
                                               .final_c = rows<Element>(run_.buffers.final_state[1])},
                         run_.stream, run_.order);
  }

  template <typename Row>
  static BatchRows<Row> rows(const BatchBuffer& buffer) {
    return {static_cast<Row*>(buffer.data), buffer.stride};
  }

  const StepwiseRun& run_;
  const StepwiseScratch<Element> scratch_;
  StepStates<Element> states_;
  StepSums<Element> sums_;
};

template <typename Element>
void run_stepwise(const StepwiseRun& run) {
  dispatch_cell(run.spec.cell,
                [&]<typename Formula>(FormulaTag<Formula>) { StepwiseLoop<Formula, Element>(run).run(); });
}

}  // namespace rondo
