#include "cuda/persistent/persistent_runner.h"

#include <cstdint>
#include <optional>

#include "cuda/common/graph_replay.h"
#include "cuda/common/input_products.h"
#include "cuda/common/packed_biases.h"
#include "cuda/persistent/persistent_memory.h"
#include "cuda/persistent/persistent_scratch.h"
#include "cuda/persistent/shape/operand_kind.h"

namespace rondo {
namespace {

/// Whether every row of x begins at a word of 4 bytes and ends before one.
bool in_words(const RecurrenceSpec& spec, const SequenceBuffer& x) {
  const auto per_word = 4 / static_cast<std::int64_t>(size_of(spec.dtype));
  const auto whole = [&](std::int64_t elements) { return elements % per_word == 0; };
  return reinterpret_cast<std::uintptr_t>(x.data) % 4 == 0 && whole(x.strides.time) && whole(x.strides.batch) &&
         whole(spec.I);
}

template <typename Operand>
class PersistentRunner final : public Runner {
 public:
  PersistentRunner(const RunnerRequest& request, const PersistentShape& shape)
      : request_(request),
        task_{shape, request.spec.cell, request.stream},
        biases_(pack_biases(request)),
        packed_(pack_kernel<Operand>(request, task_,
                                     {"recurrent_kernel", request.weights.recurrent_kernel, request.spec.cell.units})),
        grid_(shape, request.spec.device),
        replay_(request) {
    if (shape.multiplies_inputs()) {
      const PersistentTask inputs{shape.of_inputs(), task_.cell, task_.stream};
      packed_inputs_ = pack_kernel<Operand>(request, inputs, {"kernel", request.weights.kernel, request.spec.I});
    } else {
      inputs_.emplace(request, SumOrder::units_first);
    }
  }

  void run(const RecurrenceBuffers& buffers, void* workspace) override {
    replay_.run(buffers, workspace, [&](Stream stream) { queue(buffers, workspace, stream); });
  }

 private:
  using Kernels = PersistentKernels<Operand>;
  using Element = typename OperandTraits<Operand>::Element;

  void queue(const RecurrenceBuffers& buffers, void* workspace, Stream stream) {
    PersistentRun<Element> run = kernel_run(buffers);
    if (inputs_.has_value()) {
      const PersistentScratch scratch = persistent_scratch(request_.spec, task_.shape, workspace);
      inputs_->multiply_inputs(buffers, scratch.input_sums, scratch.product_workspace, stream);
      const InputProjection& inputs = inputs_->input_projection(buffers.x);
      run.input_sums = scratch.input_sums + inputs.sums_offset;
      run.input_strides = inputs.sums_strides;
    } else {
      run.x = {.data = static_cast<const Element*>(buffers.x.data),
               .strides = buffers.x.strides,
               .I = static_cast<std::int32_t>(request_.spec.I),
               .in_words = in_words(request_.spec, buffers.x),
               .weights = static_cast<const device::Words4*>(packed_inputs_->data())};
    }
    PersistentTask task = task_;
    task.stream = stream;
    if (task.shape.keeps) return Kernels::launch(task, KeepingRun<Element>{run, kept_rows(request_.spec, buffers)});
    Kernels::launch(task, run);
  }

  /// The arguments of the kernel, without those about the inputs.
  PersistentRun<Element> kernel_run(const RecurrenceBuffers& buffers) {
    const auto* bias = static_cast<const float*>(biases_->data());
    return {.shape = task_.shape,
            .schedule = buffers.schedule,
            .activations = {{task_.cell.activation.kind}, {task_.cell.recurrent_activation.kind}},
            .weights = static_cast<const device::Words4*>(packed_->data()),
            .bias = bias,
            .recurrent_bias = bias + biases_->memory().stride(0),
            .initial_h = rows_of<const Element>(buffers.initial_state[0]),
            .initial_c = rows_of<const Element>(buffers.initial_state[1]),
            .piece_h = rows_of<const Element>(buffers.reset_state[0]),
            .piece_c = rows_of<const Element>(buffers.reset_state[1]),
            .results = {.last_output = rows_of<Element>(buffers.last_output),
                        .final_h = rows_of<Element>(buffers.final_state[0]),
                        .final_c = rows_of<Element>(buffers.final_state[1])},
            .y = static_cast<Element*>(buffers.y.data),
            .y_strides = buffers.y.strides,
            .grid = grid_.get(),
            .flags = buffers.flags};
  }

  const RunnerRequest request_;
  const PersistentTask task_;
  const std::shared_ptr<const WeightPack> biases_;
  const std::shared_ptr<const WeightPack> packed_;
  std::optional<InputProducts> inputs_;              ///< where the kernel does not multiply x itself
  std::shared_ptr<const WeightPack> packed_inputs_;  ///< W, where it does
  const OwnedGridMemory grid_;
  GraphReplay replay_;
};

}  // namespace

MadeRunner make_persistent_runner(const RunnerRequest& request, const PersistentShape& shape) {
  return dispatch_operand(request.spec, [&]<typename Operand>(OperandTag<Operand>) -> MadeRunner {
    const std::string reason = PersistentKernels<Operand>::prepare({shape, request.spec.cell, request.stream});
    if (!reason.empty()) return {.refusal = candidate_name(shape) + ": " + reason};
    return {.runner = std::make_unique<PersistentRunner<Operand>>(request, shape),
            .workspace_bytes = persistent_scratch_bytes(request.spec, shape)};
  });
}

}  // namespace rondo
