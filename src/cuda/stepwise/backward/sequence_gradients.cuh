/// The gradients that are products over whole sequences, after the loop over the steps:
///
///     dW = x' dGx      dU = h' dGh, of a candidate that takes r h: (r h)' dGh      dP = m' dp
///     db = sums of dGx, for the second row of a bias of dGh      peepholes: sums of da c
///     dx = dGx W'
///
/// Operands have zeros where a row is dead. Sums are in a fixed order.
#pragma once

#include "cuda/stepwise/backward/sequence_operands.cuh"

namespace rondo {

template <typename Element>
class SequenceGradients : private SequenceOperands<Element> {
  using Base = SequenceOperands<Element>;
  using Base::activations, Base::are_dense, Base::buffers_, Base::clear_if_packed, Base::columns_, Base::F_, Base::H_,
      Base::I_, Base::in_chunks_, Base::kNoFactor, Base::kResetGate, Base::live_inputs, Base::live_states,
      Base::operands, Base::rows_, Base::run_, Base::schedule_, Base::stream, Base::work_;

 public:
  using Real = ComputeType<Element>;
  using Base::collect_states, Base::for_each_kept, Base::variant;

  SequenceGradients(const StepwiseGradientRun& run, const GradientWorkspace<Element>& work) : Base(run, work) {}

  /// What the steps need before the first of them. Rows that a packed x does not have are zeros in all operands.
  template <typename Formula>
  void prepare(bool projects) const {
    if (run_.again != nullptr) {
      Base::multiply_inputs_again();
    } else if (run_.spec.keep == Keep::states) {
      Base::template compute_gates_again<Formula>();
    }
    clear_if_packed(work_.gradients.input, columns_);
    if (work_.gradients.recurrent != nullptr) clear_if_packed(work_.gradients.recurrent, columns_);
    if constexpr (kIsLstmVariant<Formula>) prepare_variant<Formula>(projects);
    if (!in_chunks_) return;
    clear_if_packed(work_.states, F_);
    if (work_.reset_states != nullptr) clear_if_packed(work_.reset_states, F_);
  }

  template <typename Formula>
  void store_weights() const {
    const WeightGradientBuffers& wanted = buffers_.d_weights;
    const StepGradientRows<Element>& gradients = work_.gradients;
    const Element* d_recurrent = gradients.recurrent == nullptr ? gradients.input : gradients.recurrent;
    store_product(wanted.kernel, I_ * columns_, [&](void* result) {
      run_.products.kernel(operands(live_inputs(), gradients.input, result), stream());
    });
    store_product(wanted.recurrent_kernel, F_ * columns_, [&](void* result) {
      const auto multiply = [&](RecurrentPart part, int factor) {
        const void* states = live_states(factor, Formula::kKept);
        run_.products.recurrent_kernel(part, operands(states, d_recurrent, result), stream());
      };
      multiply(RecurrentPart::before_reset, kNoFactor);
      if constexpr (kPhases<Formula> == 2) multiply(RecurrentPart::after_reset, kResetGate);
    });
    store_column_sums(wanted.bias, gradients.input);
    store_column_sums(wanted.recurrent_bias, d_recurrent);
    if constexpr (kIsLstmVariant<Formula>) store_variant();
  }

  /// Writes the gradient of x. Its rows are a product's rows only where they have no gaps.
  void store_inputs() const {
    const SequenceBuffer& d_x = buffers_.d_x;
    if (d_x.data == nullptr) return;
    if (!run_.spec.packed && !buffers_.accumulates_x && are_dense(d_x.strides)) {
      return run_.products.inputs(operands(work_.gradients.input, nullptr, d_x.data), stream());
    }
    run_.products.inputs(operands(work_.gradients.input, nullptr, work_.inputs), stream());
    const bool packed = run_.spec.packed;
    launch_spread_rows(
        SpreadRows<Element>{
            .T = packed ? 1 : run_.spec.T,
            .B = packed ? d_x.packed_rows : run_.spec.B,
            .width = I_,
            .source = work_.inputs,
            .target = static_cast<Element*>(d_x.data),
            .strides = packed ? TimeBatchStrides{.batch = d_x.strides.batch} : d_x.strides,
            .accumulate = buffers_.accumulates_x,
            .flags = buffers_.run.flags,
        },
        stream());
  }

  /// Writes the gradient of a reset state that all rows share.
  void store_reset_state(const BatchBuffer& d_reset, const Real* sums, std::int64_t units) const {
    if (d_reset.data == nullptr || d_reset.stride != 0) return;
    launch_column_sums(
        ColumnSums<Real, Real>{.source = sums, .rows = schedule_.B, .columns = units, .parts = work_.parts}, stream());
    launch_add_parts(AddParts<Real, Element>{.parts = work_.parts,
                                             .count = RowParts(schedule_.B).count,
                                             .columns = units,
                                             .target = static_cast<Element*>(d_reset.data)},
                     stream());
  }

 private:
  /// What the gradients of a projection and of peepholes read, which is computed again from what was kept.
  template <typename Formula>
  void prepare_variant(bool projects) const {
    VariantRows<Element> rows{.schedule = schedule_, .H = H_, .activations = activations(), .variant = variant()};
    if (projects) rows.unprojected = work_.unprojected;
    if (buffers_.d_weights.peepholes != nullptr) rows.c_pairs = work_.c_pairs;
    if (rows.unprojected == nullptr && rows.c_pairs == nullptr) return;
    if (projects) {
      clear_if_packed(work_.unprojected, H_);
      clear_if_packed(work_.d_projected, F_);
    }
    Base::template for_each_kept<Formula>(ChunkOrder::first_to_last, [&](const KeptRows& kept) {
      rows.kept = kept;
      launch_variant_rows(rows, stream());
    });
    if (!run_.spec.cell.projection_clip) return;
    run_.products.project(operands(work_.unprojected, nullptr, work_.projected), stream());
  }

  /// Writes or adds a weight's gradient of `count` elements, which `multiply(result)` computes in the type of sums.
  template <typename Multiply>
  void store_product(void* target, std::int64_t count, const Multiply& multiply) const {
    if (target == nullptr) return;
    const WeightGradientBuffers& wanted = buffers_.d_weights;
    if (!wanted.accumulate && wanted.dtype == compute_dtype(run_.spec.dtype)) return multiply(target);
    multiply(work_.weight_sums);
    add_parts(target, {.parts = work_.weight_sums, .count = 1, .columns = count});
  }

  void store_column_sums(void* target, const Element* gradients) const {
    if (target == nullptr) return;
    launch_column_sums(
        ColumnSums<Element, Real>{.source = gradients, .rows = rows_, .columns = columns_, .parts = work_.parts},
        stream());
    add_parts(target, {.parts = work_.parts, .count = RowParts(rows_).count, .columns = columns_});
  }

  void store_variant() const {
    const WeightGradientBuffers& wanted = buffers_.d_weights;
    store_product(wanted.projection, H_ * F_, [&](void* result) {
      run_.products.projection(operands(work_.unprojected, work_.d_projected, result), stream());
    });
    if (wanted.peepholes == nullptr) return;
    launch_peephole_sums(PeepholeSums<Element>{.schedule = schedule_,
                                               .H = H_,
                                               .x = buffers_.run.x.strides,
                                               .c_pairs = work_.c_pairs,
                                               .d_gates = work_.gradients.input,
                                               .parts = work_.parts},
                         stream());
    add_parts(wanted.peepholes, {.parts = work_.parts, .count = RowParts(rows_).count, .columns = 3 * H_});
  }

  /// target, of the dtype of the weights' gradients, from sums of parts.
  void add_parts(void* target, AddParts<Real, Real> add) const {
    const WeightGradientBuffers& wanted = buffers_.d_weights;
    add.accumulate = wanted.accumulate;
    add.flags = buffers_.run.flags;
    add.target = static_cast<Real*>(target);
    if (wanted.dtype == compute_dtype(run_.spec.dtype)) return launch_add_parts(add, stream());
    launch_add_parts(AddParts<Real, Element>{.parts = add.parts,
                                             .count = add.count,
                                             .columns = add.columns,
                                             .target = static_cast<Element*>(target),
                                             .accumulate = add.accumulate,
                                             .flags = add.flags},
                     stream());
  }
};

}  // namespace rondo
