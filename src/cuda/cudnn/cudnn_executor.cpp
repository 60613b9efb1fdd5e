// cuDNN's algorithms as executors. A recurrence is one direction of one layer. CudnnRnn can also run stacks, both
// directions and projections, for benchmarks that measure them.

#include <array>
#include <optional>

#include "cuda/common/graph_replay.h"
#include "cuda/cudnn/cudnn_executors.h"
#include "cuda/cudnn/cudnn_rnn.h"
#include "cuda/cudnn/cudnn_support.h"
#include "cuda/runtime/runtime.h"
#include "recurrence/simple_decision.h"
#include "rondo/tensor/stream.h"

namespace rondo {
namespace {

// cuDNN reads the weights while it packs them: that the buffers are const stays true.
Tensor borrow(const void* data, const Shape& shape, const RecurrenceSpec& spec) {
  return Tensor::borrow_device(const_cast<void*>(data), shape, spec.dtype, spec.device);
}

// A GRU's two biases are separate buffers, which this joins as Keras has them.
Tensor joined_bias(const RunnerRequest& request) {
  const std::int64_t columns = gate_count(request.spec.cell.kind) * request.spec.cell.units;
  const Tensor bias = borrow(request.weights.bias, {columns}, request.spec);
  if (request.weights.recurrent_bias == nullptr) return bias;
  const Tensor joined = Tensor::empty({2, columns}, request.spec.dtype, request.spec.device);
  joined.select(0, 0).copy_from(bias);
  joined.select(0, 1).copy_from(borrow(request.weights.recurrent_bias, {columns}, request.spec));
  return joined;
}

CudnnWeights weights_of(const RunnerRequest& request) {
  const StreamScope scope(request.stream);
  const std::int64_t H = request.spec.cell.units;
  const std::int64_t columns = gate_count(request.spec.cell.kind) * H;
  CudnnWeights weights{{borrow(request.weights.kernel, {request.spec.I, columns}, request.spec),
                        borrow(request.weights.recurrent_kernel, {H, columns}, request.spec)}};
  if (request.weights.bias != nullptr) weights.cell.bias = joined_bias(request);
  return weights;
}

/// Buffers that cuDNN needs and the caller does not have: a y that the caller does not want, and final states apart
/// from the initial ones.
struct Spare {
  Tensor y;
  std::array<Tensor, kMaxStates> final_state;

  explicit Spare(const RunnerRequest& request) {
    const RecurrenceSpec& spec = request.spec;
    const StreamScope scope(request.stream);
    y = Tensor::empty({spec.T, spec.B, spec.cell.units}, spec.dtype, spec.device);
    for (Tensor& state : final_state) state = Tensor::empty({spec.B, spec.cell.units}, spec.dtype, spec.device);
  }
};

class CudnnRunner final : public Runner {
 public:
  CudnnRunner(CudnnAlgorithm algorithm, const RunnerRequest& request)
      : request_(request),
        spec_(request.spec),
        rnn_(cudnn_config(algorithm, request.spec), std::array{weights_of(request)}, request.stream),
        packed_version_(request.packs->version()),
        spare_(request),
        replay_(request) {}

  void run(const RecurrenceBuffers& buffers, void* workspace) override {
    const CudnnLayout layout = cudnn_layout(spec_, buffers);
    check_cudnn_states(spec_, buffers);
    load_changed_weights();
    replay_.run(buffers, workspace, [&](Stream stream) { queue(buffers, layout, stream); });
  }

 private:
  void queue(const RecurrenceBuffers& buffers, CudnnLayout layout, Stream stream) {
    // Without lengths the last output is the final h, so that one buffer serves both.
    const BatchBuffer& h = buffers.final_state[0].data != nullptr ? buffers.final_state[0] : buffers.last_output;
    const std::array targets{h.data, buffers.final_state[1].data};
    const std::array written{final_target(0, targets[0], buffers), final_target(1, targets[1], buffers)};
    rnn_.forward({.layout = layout,
                  .x = buffers.x.data,
                  .y = buffers.y.data != nullptr ? buffers.y.data : spare_.y.data(),
                  .initial_h = buffers.initial_state[0].data,
                  .final_h = written[0],
                  .initial_c = buffers.initial_state[1].data,
                  .final_c = written[1]},
                 stream);
    for (std::size_t k = 0; k < kMaxStates; ++k) copy_state(targets[k], written[k], stream);
    copy_state(buffers.last_output.data, written[0], stream);
  }

  // Nothing says that cuDNN may write a final state over an initial one that others of its blocks have yet to read.
  void* final_target(std::size_t k, void* wanted, const RecurrenceBuffers& buffers) const {
    if (wanted == nullptr) return nullptr;
    for (const BatchBuffer& initial : buffers.initial_state) {
      if (initial.data == wanted) return spare_.final_state[k].data();
    }
    return wanted;
  }

  void copy_state(void* target, const void* source, Stream stream) const {
    if (target == nullptr || target == source) return;
    const auto bytes = static_cast<std::size_t>(spec_.B * spec_.cell.units) * size_of(spec_.dtype);
    cuda_runtime::copy(target, source, bytes, stream);
  }

  // cuDNN alone knows the form of its weights, so each runner has its own.
  void load_changed_weights() {
    const std::uint64_t version = request_.packs->version();
    if (version == packed_version_) return;
    rnn_.load(std::array{weights_of(request_)}, request_.stream);
    packed_version_ = version;
  }

  const RunnerRequest request_;
  const RecurrenceSpec spec_;
  CudnnRnn rnn_;
  std::uint64_t packed_version_;
  const Spare spare_;
  GraphReplay replay_;
};

class CudnnExecutor final : public Executor {
 public:
  explicit CudnnExecutor(CudnnAlgorithm algorithm) : algorithm_(algorithm) {}

  std::string_view name() const override { return cudnn_executor_name(algorithm_); }

  // What cuDNN needs it tells on the device alone, so that the runner allocates it.
  Answer decide(const RecurrenceSpec& spec, const DeviceProperties&) const override {
    if (const std::optional<Refusal> refusal = cudnn_refusal(algorithm_, spec)) return *refusal;
    return make_decision({}, [algorithm = algorithm_](const RunnerRequest& request) {
      return std::make_unique<CudnnRunner>(algorithm, request);
    });
  }

 private:
  const CudnnAlgorithm algorithm_;
};

}  // namespace

std::span<const Executor* const> cudnn_executors() {
  static const CudnnExecutor standard(CudnnAlgorithm::standard);
  static const CudnnExecutor persist_static(CudnnAlgorithm::persist_static);
  static const CudnnExecutor persist_dynamic(CudnnAlgorithm::persist_dynamic);
  static const CudnnExecutor small_h(CudnnAlgorithm::persist_static_small_h);
  static const std::array<const Executor*, 4> executors{&standard, &persist_static, &persist_dynamic, &small_h};
  return executors;
}

}  // namespace rondo
