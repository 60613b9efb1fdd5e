/// The operands of the products over whole sequences: rows of x and of h in the order of the reserve, with zeros where
/// a row is dead. Where all rows are live, they may be read where they are.
#pragma once

#include "cuda/runtime/runtime.h"
#include "cuda/stepwise/backward/gates_again.cuh"
#include "cuda/stepwise/backward/gradient_loop.h"
#include "cuda/stepwise/backward/gradient_workspace.h"

namespace rondo {

template <typename Row>
BatchRows<Row> batch_rows(const BatchBuffer& buffer) {
  return {static_cast<Row*>(buffer.data), buffer.stride};
}

template <typename Element>
class SequenceOperands {
 public:
  using Real = ComputeType<Element>;

  SequenceOperands(const StepwiseGradientRun& run, const GradientWorkspace<Element>& work)
      : run_(run),
        buffers_(run.buffers),
        schedule_(run.buffers.run.schedule),
        work_(work),
        I_(run.spec.I),
        H_(run.spec.cell.units),
        F_(output_units(run.spec.cell)),
        rows_(run.spec.T * run.spec.B),
        columns_(gate_count(run.spec.cell.kind) * H_),
        swaps_(run.swap != nullptr),
        in_chunks_(swaps_ || run.again != nullptr) {
    if (in_chunks_) return;
    kept_ = kept_rows(run.spec, run.buffers.run);
    if (run.spec.keep == Keep::states) kept_.gates = work.gates;
  }

  /// Calls `visit(kept)` with the states before each step and the gates: for all steps at once or, where the reserve is
  /// swapped or has segments, for chunk after chunk.
  template <typename Formula, typename Visit>
  void for_each_kept(ChunkOrder order, const Visit& visit) const {
    if (run_.again != nullptr) return for_each_segment(order, visit);
    for_each_states(order, [&](const KeptRows& kept) {
      if (swaps_ && run_.spec.keep == Keep::states) launch_gates_again(gates_again<Formula>(kept), stream());
      visit(kept);
    });
  }

  LstmVariantStep<Element> variant() const {
    const void* peepholes = run_.peepholes == nullptr ? nullptr : run_.peepholes->data();
    return {.peepholes = static_cast<const Real*>(peepholes), .cell_clip = bound_of<Real>(run_.spec.cell.cell_clip)};
  }

  /// Computes the sums behind the gates of a run that has kept states alone and, unless its reserve is swapped, the
  /// gates.
  template <typename Formula>
  void compute_gates_again() const {
    run_.products.input_sums(operands(live_inputs(), nullptr, work_.input_sums), stream());
    const auto multiply = [&](RecurrentPart part, const void* states) {
      run_.products.recurrent_sums(part, operands(states, nullptr, work_.recurrent_sums), stream());
    };
    if (swaps_) {
      clear_if_packed(work_.states, F_);
      for_each_states(ChunkOrder::first_to_last,
                      [&](const KeptRows& kept) { copy_states(kept, kNoFactor, Formula::kKept, work_.states); });
    }
    multiply(RecurrentPart::before_reset, live_states(kNoFactor, Formula::kKept));
    if constexpr (kPhases<Formula> == 2) {
      clear_if_packed(work_.states, F_);
      for_each_states(ChunkOrder::first_to_last,
                      [&](const KeptRows& kept) { launch_reset_again(gates_again<Formula>(kept), stream()); });
      multiply(RecurrentPart::after_reset, work_.states);
    }
    if (!swaps_) launch_gates_again(gates_again<Formula>(kept_), stream());
  }

  /// Computes the input sums of the segments that are run again.
  void multiply_inputs_again() const {
    const StepwiseScratch<Element> scratch = stepwise_scratch<Element>(run_.spec, work_.forward);
    run_.again->input_products.multiply_inputs(run_.again->buffers, scratch.input_sums, scratch.product_workspace,
                                               stream());
  }

  /// Where the steps come in chunks: copies what live_states returns after the last chunk.
  template <typename Formula>
  void collect_states(const KeptRows& kept) const {
    if (!in_chunks_ || buffers_.d_weights.recurrent_kernel == nullptr) return;
    copy_states(kept, kNoFactor, Formula::kKept, work_.states);
    if constexpr (kPhases<Formula> == 2) copy_states(kept, kResetGate, Formula::kKept, work_.reset_states);
  }

 protected:
  static constexpr int kNoFactor = -1;
  static constexpr int kResetGate = 1;  ///< among the kept gates of a GRU that resets before the candidate's product

  Stream stream() const { return run_.how.stream; }
  Activations activations() const { return {run_.spec.cell.activation, run_.spec.cell.recurrent_activation}; }

  GradientOperands operands(const void* a, const void* b, void* result) const {
    return {.a = a, .b = b, .result = result, .workspace = work_.product_workspace};
  }

  /// A packed x may have less rows than T B: the others are zeros in all operands.
  void clear_if_packed(Element* rows, std::int64_t width) const {
    if (!run_.spec.packed) return;
    cuda_runtime::fill_zeros(rows, static_cast<std::size_t>(rows_ * width) * sizeof(Element), stream());
  }

  /// Whether rows of I elements lie in the order of the reserve without gaps.
  bool are_dense(const TimeBatchStrides& strides) const {
    return strides.batch == I_ && strides.time == run_.spec.B * I_;
  }

  /// (rows, I): x.
  const void* live_inputs() const {
    const SequenceBuffer& x = buffers_.run.x;
    if (schedule_.all_live() && are_dense(x.strides)) return x.data;
    clear_if_packed(work_.inputs, I_);
    launch_live_inputs(LiveInputs<Element>{.schedule = schedule_,
                                           .I = I_,
                                           .x = static_cast<const Element*>(x.data),
                                           .x_strides = x.strides,
                                           .target = work_.inputs},
                       stream());
    return work_.inputs;
  }

  /// (rows, F): h before each step, times the kept gate `factor` unless that is kNoFactor. Where steps
  /// come in chunks, they have been copied.
  const void* live_states(int factor, int kept_gates) const {
    if (in_chunks_) return factor == kNoFactor ? work_.states : work_.reset_states;
    const bool has_dtype = reserve_dtype(run_.spec) == run_.spec.dtype;
    if (schedule_.all_live() && factor == kNoFactor && has_dtype) return kept_.h;
    clear_if_packed(work_.states, F_);
    copy_states(kept_, factor, kept_gates, work_.states);
    return work_.states;
  }

 private:
  /// for_each_kept, whose segments are run again.
  template <typename Visit>
  void for_each_segment(ChunkOrder order, const Visit& visit) const {
    StepwiseRun again = *run_.again;
    again.workspace = work_.forward;
    const std::int64_t count = (run_.spec.T + run_.spec.segment - 1) / run_.spec.segment;
    for (std::int64_t turn = 0; turn < count; ++turn) {
      const std::int64_t segment = order == ChunkOrder::first_to_last ? turn : count - 1 - turn;
      const KeptRows kept = kept_segment(run_.spec, buffers_.run.x.strides, work_.segment, segment);
      run_segment_again<Element>(again, segment * run_.spec.B, kept);
      visit(kept);
    }
  }

  /// for_each_kept, with gates only where the run has kept them or compute_gates_again has computed them.
  template <typename Visit>
  void for_each_states(ChunkOrder order, const Visit& visit) const {
    if (!swaps_) return visit(kept_);
    run_.swap->read({buffers_.run, work_.slots, stream()}, order, [&](KeptRows kept) {
      if (run_.spec.keep == Keep::states) kept.gates = work_.gates;
      visit(kept);
    });
  }

  template <typename Formula>
  GatesAgain<Formula, Element> gates_again(const KeptRows& kept) const {
    GatesAgain<Formula, Element> again{.schedule = schedule_,
                                       .H = H_,
                                       .activations = activations(),
                                       .input_sums = work_.input_sums,
                                       .recurrent_sums = work_.recurrent_sums,
                                       .bias = static_cast<const Real*>(run_.biases->data()),
                                       .kept = kept,
                                       .reset_operand = work_.states};
    again.recurrent_bias = again.bias + columns_;
    if constexpr (kIsLstmVariant<Formula>) again.variant = variant();
    return again;
  }

  void copy_states(const KeptRows& kept, int factor, int kept_gates, Element* target) const {
    launch_live_states(LiveStates<Element>{.schedule = schedule_,
                                           .units = F_,
                                           .kept = kept,
                                           .factor = factor,
                                           .gate = run_.spec.cell.recurrent_activation,
                                           .kept_gates = kept_gates,
                                           .target = target},
                       stream());
  }

 protected:
  const StepwiseGradientRun& run_;
  const GradientBuffers& buffers_;
  const Schedule& schedule_;
  const GradientWorkspace<Element>& work_;
  const std::int64_t I_;
  const std::int64_t H_;
  const std::int64_t F_;
  const std::int64_t rows_;
  const std::int64_t columns_;
  const bool swaps_;
  const bool in_chunks_;  ///< whether the states of all steps are never there at once

 private:
  KeptRows kept_;  ///< of all steps, unless they come in chunks
};

}  // namespace rondo
