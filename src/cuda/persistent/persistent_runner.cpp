#include "cuda/persistent/persistent_runner.h"

#include <cstdint>
#include <optional>

#include "cuda/common/graph_replay.h"
#include "cuda/common/input_products.h"
#include "cuda/common/packed_biases.h"
#include "cuda/persistent/persistent_kernels.h"
#include "cuda/persistent/persistent_scratch.h"
#include "cuda/persistent/planner/persistent_plan.h"
#include "cuda/persistent/shape/operand_kind.h"
#include "rondo/tensor/stream.h"

namespace rondo {
namespace {

Tensor device_bytes(std::int64_t bytes, Device device) { return Tensor::zeros({bytes}, DType::u8, device); }

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
        packed_(pack("recurrent_kernel", shape, request.weights.recurrent_kernel, request.spec.cell.units)),
        replay_(request) {
    if (shape.multiplies_inputs()) {
      packed_inputs_ = pack("kernel", shape.of_inputs(), request.weights.kernel, request.spec.I);
    } else {
      inputs_.emplace(request, SumOrder::units_first);
    }
    if (shape.kind == PersistentKind::grid) make_grid_memory();
  }

  void run(const RecurrenceBuffers& buffers, void* workspace) override {
    replay_.run(buffers, workspace, [&](Stream stream) { queue(buffers, workspace, stream); });
  }

 private:
  using Kernels = PersistentKernels<Operand>;
  using Element = typename OperandTraits<Operand>::Element;

  /// Packs a kernel of K rows as the blocks of `shape` read it.
  std::shared_ptr<const WeightPack> pack(const std::string& name, const PersistentShape& shape, const void* kernel,
                                         std::int64_t K) const {
    const PersistentTask task{shape, task_.cell, task_.stream};
    const auto bytes = Kernels::packed_vectors(task) * static_cast<std::int64_t>(sizeof(device::Words4));
    return packed(request_, {.key = name + " of " + candidate_name(shape) + " in " + to_string(request_.spec.math),
                             .allocate = [bytes, device = request_.spec.device] { return device_bytes(bytes, device); },
                             .fill =
                                 [task, kernel, K](const Tensor& memory) {
                                   PersistentTask now = task;
                                   now.stream = current_stream(task.stream.device);
                                   Kernels::pack(now, static_cast<const Element*>(kernel), K,
                                                 static_cast<device::Words4*>(memory.data()));
                                 }});
  }

  void make_grid_memory() {
    const PersistentShape& shape = task_.shape;
    const GridMemorySize size = grid_memory_size(shape);
    words_ = Tensor::full({size.words}, size.fill, DType::i32, request_.spec.device);
    epochs_ = Tensor::full({shape.teams}, 1, DType::i32, request_.spec.device);
  }

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
    Kernels::launch(task, run);
  }

  /// The arguments of the kernel, without those about the inputs.
  PersistentRun<Element> kernel_run(const RecurrenceBuffers& buffers) {
    const auto* bias = static_cast<const float*>(biases_->data());
    return {.shape = task_.shape,
            .schedule = buffers.schedule,
            .activations = {task_.cell.activation, task_.cell.recurrent_activation},
            .weights = static_cast<const device::Words4*>(packed_->data()),
            .bias = bias,
            .recurrent_bias = bias + biases_->memory().stride(0),
            .initial_h = rows<const Element>(buffers.initial_state[0]),
            .initial_c = rows<const Element>(buffers.initial_state[1]),
            .piece_h = rows<const Element>(buffers.reset_state[0]),
            .piece_c = rows<const Element>(buffers.reset_state[1]),
            .results = {.last_output = rows<Element>(buffers.last_output),
                        .final_h = rows<Element>(buffers.final_state[0]),
                        .final_c = rows<Element>(buffers.final_state[1])},
            .y = static_cast<Element*>(buffers.y.data),
            .y_strides = buffers.y.strides,
            .grid = {words_.data(), static_cast<std::uint32_t*>(epochs_.data())},
            .flags = buffers.flags};
  }

  template <typename Row>
  static BatchRows<Row> rows(const BatchBuffer& buffer) {
    return {static_cast<Row*>(buffer.data), buffer.stride};
  }

  const RunnerRequest request_;
  const PersistentTask task_;
  const std::shared_ptr<const WeightPack> biases_;
  const std::shared_ptr<const WeightPack> packed_;
  std::optional<InputProducts> inputs_;              ///< where the kernel does not multiply x itself
  std::shared_ptr<const WeightPack> packed_inputs_;  ///< W, where it does
  Tensor words_;
  Tensor epochs_;
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
