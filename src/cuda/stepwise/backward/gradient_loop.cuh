/// run_stepwise_gradients, which instances of instance.cu.in instantiate once for each Element:
///
///     dh, dc = gradients of the final states
///     for s in T-1 .. 0:   the kernels and products of gradient_kernels.cuh, or one kernel of another executor
///                          (of a swapped reserve chunk after chunk, while the next chunk is fetched)
///     gradients of the initial states and of the reset states
///     weights and x, over whole sequences: sequence_gradients.cuh
#pragma once

#include "cuda/stepwise/backward/gradient_launchers.cuh"
#include "cuda/stepwise/backward/gradient_loop.h"
#include "cuda/stepwise/backward/sequence_gradients.cuh"

namespace rondo {

template <typename Formula, typename Element>
class StepwiseGradientLoop {
 public:
  using Real = ComputeType<Element>;

  explicit StepwiseGradientLoop(const StepwiseGradientRun& run)
      : run_(run),
        buffers_(run.buffers),
        schedule_(run.buffers.run.schedule),
        F_(output_units(run.spec.cell)),
        H_(run.spec.cell.units),
        work_(gradient_workspace<Element>(run.spec, run.workspace)),
        sequences_(run, work_) {
    step_.H = H_;
    step_.activations = {run.spec.cell.activation, run.spec.cell.recurrent_activation};
    step_.c = work_.c;
    if constexpr (kIsLstmVariant<Formula>) step_.variant = sequences_.variant();
    if (kPhases<Formula> == 2 || projects()) step_.inner_product = work_.inner_product;
    step_.rows = work_.gradients;
    if (rows_of_a_step_are_neighbours()) step_.rows.operand = nullptr;
    step_.arriving = ArrivingGradient<Element>{.schedule = schedule_,
                                               .units = F_,
                                               .h = work_.h,
                                               .d_y = static_cast<const Element*>(buffers_.d_y.data),
                                               .d_y_strides = buffers_.d_y.strides};
  }

  void run() {
    load();
    sequences_.template for_each_kept<Formula>(ChunkOrder::last_to_first, [&](const KeptRows& kept) {
      sequences_.template collect_states<Formula>(kept);
      step_.kept = kept;
      if (run_.steps != nullptr) return queue_steps();
      for (std::int64_t s = kept.last_step - 1; s >= kept.first_step; --s) step(s);
    });
    store_states();
    sequences_.template store_weights<Formula>();
    sequences_.store_inputs();
  }

 private:
  Stream stream() const { return run_.how.stream; }
  bool projects() const { return run_.spec.cell.projection_units.has_value(); }

  /// Whether all rows read the same input step at each processing step, and x has them one after another: then the
  /// products read them where they are. The device alone knows lengths and where the rows of a packed x are.
  bool rows_of_a_step_are_neighbours() const {
    const bool by_length = schedule_.rules.read == ReadOrder::reversed_within_length && schedule_.lengths != nullptr;
    return !run_.spec.packed && !by_length;
  }

  /// Where the step's product reads rows of `width` elements: `operand` or, where they are neighbours, in `rows`.
  const Element* rows_of_step(const Element* rows, const Element* operand, std::int64_t width, std::int64_t s) const {
    if (!rows_of_a_step_are_neighbours()) return operand;
    return rows + schedule_.read_time(s, 0) * schedule_.B * width;
  }

  void load() {
    sequences_.template prepare<Formula>(projects());
    const bool notes = schedule_.rules.dead == DeadOutput::previous_output && !schedule_.all_live();
    if (notes) {
      launch_note_live({schedule_, work_.was_live}, stream());
      step_.arriving.was_live = work_.was_live;
    }
    launch_load_gradients(
        LoadGradients<Element>{
            .schedule = schedule_,
            .h_units = F_,
            .c_units = Formula::kStates == 2 ? H_ : 0,
            .h = work_.h,
            .c = work_.c,
            .d_final_h = batch_rows<const Element>(buffers_.d_final_state[0]),
            .d_final_c = batch_rows<const Element>(buffers_.d_final_state[1]),
        },
        stream());
  }

  void queue_steps() const {
    if constexpr (std::is_same_v<Real, float>) {
      const auto state = [](const CarriedGradient<Element>& carried) {
        return StepsState{carried.d_state, carried.reset_sums};
      };
      // A named value, since nvcc loses the braces of an argument that depends on a template's parameter.
      const GradientSteps steps = {.schedule = schedule_,
                                   .kept = step_.kept,
                                   .was_live = step_.arriving.was_live,
                                   .d_y = buffers_.d_y,
                                   .d_last_output = buffers_.d_last_output,
                                   .h = state(work_.h),
                                   .c = state(work_.c),
                                   .d_input = work_.gradients.input,
                                   .d_recurrent = work_.gradients.recurrent,
                                   .flags = buffers_.run.flags};
      run_.steps->queue(steps, stream());
    }
  }

  /// The first kernel of a chunk follows no product, and must not overlap what comes before.
  StepLaunch launch_of_step(std::int64_t s) const {
    StepLaunch how = run_.how;
    if (step_.kept.is_chunk && s + 1 == step_.kept.last_step) how.order = device::LaunchOrder::serial;
    return how;
  }

  void step(std::int64_t s) {
    const StepLaunch how = launch_of_step(s);
    const bool last = s + 1 == run_.spec.T;
    ArrivingGradient<Element>& arriving = step_.arriving;
    arriving.s = s;
    arriving.product = last ? nullptr : work_.product;
    arriving.d_last_output = last ? batch_rows<const Element>(buffers_.d_last_output) : BatchRows<const Element>{};
    if constexpr (kPhases<Formula> == 2) {
      launch_candidate_gradient(step_, how);
      multiply(RecurrentPart::after_reset, work_.inner_product);
    }
    if constexpr (kIsLstmVariant<Formula>) {
      if (projects()) {
        project_gradient(how);
        launch_gate_gradient<true>(step_, how);
        return multiply(RecurrentPart::before_reset, work_.product);
      }
    }
    launch_gate_gradient<false>(step_, how);
    multiply(RecurrentPart::before_reset, work_.product);
  }

  /// result = dG U' of the step, in the columns of `part`.
  void multiply(RecurrentPart part, Real* result) const {
    const Element* rows = kHasRecurrentGradient<Formula> ? step_.rows.recurrent : step_.rows.input;
    run_.products.step(part,
                       {.a = rows_of_step(rows, step_.rows.operand, Formula::kGates * H_, step_.arriving.s),
                        .result = result,
                        .workspace = work_.product_workspace},
                       stream());
  }

  void project_gradient(const StepLaunch& how) const {
    const bool neighbours = rows_of_a_step_are_neighbours();
    launch_projected_gradient(
        ProjectedGradient<Element>{.arriving = step_.arriving,
                                   .x = step_.kept.x,
                                   .projected = run_.spec.cell.projection_clip ? work_.projected : nullptr,
                                   .clip = bound_of<Real>(run_.spec.cell.projection_clip),
                                   .d_projected = work_.d_projected,
                                   .operand = neighbours ? nullptr : work_.projected_operand},
        how);
    run_.products.step_through_projection(
        {.a = rows_of_step(work_.d_projected, work_.projected_operand, F_, step_.arriving.s),
         .result = work_.inner_product,
         .workspace = work_.product_workspace},
        stream());
  }

  void store_states() const {
    const bool has_product = run_.steps == nullptr && run_.spec.T > 0;
    const auto rows_of = [](const BatchBuffer& d_reset) {
      return d_reset.stride == 0 ? BatchRows<Element>{} : batch_rows<Element>(d_reset);
    };
    launch_store_gradients(StoreGradients<Element>{.schedule = schedule_,
                                                   .h_units = F_,
                                                   .c_units = Formula::kStates == 2 ? H_ : 0,
                                                   .h = work_.h,
                                                   .c = work_.c,
                                                   .product = has_product ? work_.product : nullptr,
                                                   .d_initial_h = batch_rows<Element>(buffers_.d_initial_state[0]),
                                                   .d_initial_c = batch_rows<Element>(buffers_.d_initial_state[1]),
                                                   .d_reset_h = rows_of(buffers_.d_reset_state[0]),
                                                   .d_reset_c = rows_of(buffers_.d_reset_state[1])},
                           stream());
    sequences_.store_reset_state(buffers_.d_reset_state[0], work_.h.reset_sums, F_);
    sequences_.store_reset_state(buffers_.d_reset_state[1], work_.c.reset_sums, H_);
  }

  const StepwiseGradientRun& run_;
  const GradientBuffers& buffers_;
  const Schedule& schedule_;
  const std::int64_t F_;
  const std::int64_t H_;
  const GradientWorkspace<Element> work_;
  const SequenceGradients<Element> sequences_;
  GateGradient<Formula, Element> step_;
};

template <typename Element>
void run_stepwise_gradients(const StepwiseGradientRun& run) {
  dispatch_cell(run.spec.cell,
                [&]<typename Formula>(FormulaTag<Formula>) { StepwiseGradientLoop<Formula, Element>(run).run(); });
}

}  // namespace rondo
