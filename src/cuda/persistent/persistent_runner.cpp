#include "cuda/executors/graph_replay.h"
#include "cuda/executors/input_products.h"
#include "cuda/executors/packed_biases.h"
#include "cuda/executors/stepwise_executor.h"
#include "cuda/persistent/operand_kind.h"
#include "cuda/persistent/persistent_executor.h"
#include "cuda/persistent/persistent_kernels.h"
#include "cuda/persistent/persistent_scratch.h"

namespace rondo {
namespace {

Tensor device_bytes(std::int64_t bytes, Device device) { return Tensor::zeros({bytes}, DType::boolean, device); }

template <typename Operand>
class PersistentRunner final : public Runner {
 public:
  PersistentRunner(const RunnerRequest& request, const PersistentShape& shape)
      : request_(request),
        task_{shape, request.spec.cell, request.stream},
        biases_(pack_biases(request)),
        inputs_(request, SumOrder::units_first),
        packed_(device_bytes(Kernels::packed_vectors(task_) * static_cast<std::int64_t>(sizeof(device::Words4)),
                             request.spec.device)),
        replay_(request) {
    Kernels::pack(task_, static_cast<const Element*>(request.weights.recurrent_kernel),
                  static_cast<device::Words4*>(packed_.data()));
    if (shape.kind == PersistentKind::grid) make_grid_memory();
  }

  void run(const RecurrenceBuffers& buffers, void* workspace) override {
    if (fallback_ != nullptr) return fallback_->run(buffers, fallback_workspace_.data());
    replay_.run(buffers, workspace, [&](Stream stream) { queue(buffers, workspace, stream); });
  }

  void recover(const RecurrenceBuffers& buffers) override {
    const Executor& stepwise = stepwise_executor();
    const auto bytes = static_cast<std::int64_t>(stepwise.workspace_bytes(request_.spec, request_.properties));
    fallback_workspace_ = device_bytes(bytes, request_.spec.device);
    fallback_ = stepwise.make_runner(request_);
    fallback_->run(buffers, fallback_workspace_.data());
  }

 private:
  using Kernels = PersistentKernels<Operand>;
  using Element = typename Numbers<Operand>::Element;

  void make_grid_memory() {
    const PersistentShape& shape = task_.shape;
    const GridMemorySize size = grid_memory_size(shape);
    words_ = Tensor::full({size.words}, size.fill, DType::i32, request_.spec.device);
    epochs_ = Tensor::full({shape.teams}, 1, DType::i32, request_.spec.device);
  }

  void queue(const RecurrenceBuffers& buffers, void* workspace, Stream stream) {
    const PersistentScratch scratch = persistent_scratch(request_.spec, workspace);
    inputs_.multiply_inputs(buffers, scratch.input_sums, scratch.product_workspace, stream);
    PersistentTask task = task_;
    task.stream = stream;
    Kernels::launch(task, kernel_run(buffers, scratch));
  }

  PersistentRun<Element> kernel_run(const RecurrenceBuffers& buffers, const PersistentScratch& scratch) {
    const InputProjection& inputs = inputs_.input_projection(buffers.x.strides);
    const auto* bias = static_cast<const float*>(biases_.data());
    return {.shape = task_.shape,
            .schedule = buffers.schedule,
            .activations = {task_.cell.activation, task_.cell.recurrent_activation},
            .weights = static_cast<const device::Words4*>(packed_.data()),
            .bias = bias,
            .recurrent_bias = bias + biases_.stride(0),
            .input_sums = scratch.input_sums + inputs.sums_offset,
            .input_strides = inputs.sums_strides,
            .initial_h = rows<const Element>(buffers.initial_state[0]),
            .initial_c = rows<const Element>(buffers.initial_state[1]),
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
  const Tensor biases_;
  InputProducts inputs_;
  const Tensor packed_;
  Tensor words_;
  Tensor epochs_;
  GraphReplay replay_;
  std::unique_ptr<Runner> fallback_;  ///< after a run that has stalled
  Tensor fallback_workspace_;
};

}  // namespace

std::unique_ptr<Runner> make_persistent_runner(const RunnerRequest& request, const PersistentShape& shape) {
  return dispatch_operand(request.spec, [&]<typename Operand>(OperandTag<Operand>) -> std::unique_ptr<Runner> {
    if (!PersistentKernels<Operand>::prepare({shape, request.spec.cell, request.stream})) return nullptr;
    return std::make_unique<PersistentRunner<Operand>>(request, shape);
  });
}

}  // namespace rondo
