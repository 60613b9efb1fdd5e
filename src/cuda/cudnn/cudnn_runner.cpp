#include "cuda/cudnn/cudnn_runner.h"

#include <array>

#include "cuda/common/graph_replay.h"
#include "cuda/cudnn/cudnn_reserve.h"
#include "cuda/cudnn/cudnn_support.h"
#include "cuda/runtime/runtime.h"
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

/// Buffers that cuDNN needs and the caller does not have: a y that nobody wants, and final states apart from the
/// initial ones.
struct Spare {
  Tensor y;  ///< undefined where runs keep y
  std::array<Tensor, kMaxStates> final_state;

  explicit Spare(const RunnerRequest& request) {
    const RecurrenceSpec& spec = request.spec;
    const StreamScope scope(request.stream);
    if (spec.keep == Keep::nothing) {
      y = Tensor::empty({spec.T, spec.B, spec.cell.units}, spec.dtype, spec.device);
    }
    for (Tensor& state : final_state) state = Tensor::empty({spec.B, spec.cell.units}, spec.dtype, spec.device);
  }
};

class CudnnRunner final : public Runner {
 public:
  CudnnRunner(CudnnAlgorithm algorithm, const RunnerRequest& request)
      : spec_(request.spec),
        network_(cudnn_config(algorithm, request.spec), request),
        spare_(request),
        replay_(request) {}

  void run(const RecurrenceBuffers& buffers, void* workspace) override {
    const CudnnLayout layout = cudnn_layout(spec_, buffers);
    check_cudnn_states(spec_, buffers);
    if (keeps()) check_cudnn_reserve(buffers.reserve);
    network_.load_changed_weights();
    replay_.run(buffers, workspace, [&](Stream stream) { queue(buffers, layout, stream); });
  }

 private:
  bool keeps() const { return spec_.keep != Keep::nothing; }

  void queue(const RecurrenceBuffers& buffers, CudnnLayout layout, Stream stream) {
    const CudnnReserve kept =
        keeps() ? cudnn_reserve(spec_, network_.rnn().reserve_bytes(), buffers.reserve) : CudnnReserve{};
    if (keeps()) keep_states(kept, buffers, stream);
    // Without lengths the last output is the final h, so that one buffer serves both.
    const BatchBuffer& h = buffers.final_state[0].data != nullptr ? buffers.final_state[0] : buffers.last_output;
    const std::array targets{h.data, buffers.final_state[1].data};
    const std::array written{final_target(0, targets[0], buffers), final_target(1, targets[1], buffers)};
    void* const y = keeps() ? kept.y : buffers.y.data != nullptr ? buffers.y.data : spare_.y.data();
    network_.rnn().forward({.layout = layout,
                            .x = buffers.x.data,
                            .y = y,
                            .initial_h = buffers.initial_state[0].data,
                            .final_h = written[0],
                            .initial_c = buffers.initial_state[1].data,
                            .final_c = written[1],
                            .reserve = kept.own},
                           stream);
    for (std::size_t k = 0; k < kMaxStates; ++k) copy(targets[k], written[k], state_bytes(), stream);
    copy(buffers.last_output.data, written[0], state_bytes(), stream);
    copy(buffers.y.data, y, static_cast<std::size_t>(spec_.T) * state_bytes(), stream);
  }

  std::size_t state_bytes() const {
    return static_cast<std::size_t>(spec_.B * spec_.cell.units) * size_of(spec_.dtype);
  }

  void keep_states(const CudnnReserve& kept, const RecurrenceBuffers& buffers, Stream stream) const {
    for (std::size_t k = 0; k < kMaxStates; ++k) {
      if (kept.initial_state[k] == nullptr) continue;
      if (buffers.initial_state[k].data != nullptr) {
        cuda_runtime::copy(kept.initial_state[k], buffers.initial_state[k].data, kept.state_bytes, stream);
      } else {
        cuda_runtime::fill_zeros(kept.initial_state[k], kept.state_bytes, stream);
      }
    }
  }

  // Nothing says that cuDNN may write a final state over an initial one that others of its blocks have yet to read.
  void* final_target(std::size_t k, void* wanted, const RecurrenceBuffers& buffers) const {
    if (wanted == nullptr) return nullptr;
    for (const BatchBuffer& initial : buffers.initial_state) {
      if (initial.data == wanted) return spare_.final_state[k].data();
    }
    return wanted;
  }

  static void copy(void* target, const void* source, std::size_t bytes, Stream stream) {
    if (target == nullptr || target == source) return;
    cuda_runtime::copy(target, source, bytes, stream);
  }

  const RecurrenceSpec spec_;
  CudnnNetwork network_;
  const Spare spare_;
  GraphReplay replay_;
};

}  // namespace

std::unique_ptr<Runner> make_cudnn_runner(CudnnAlgorithm algorithm, const RunnerRequest& request) {
  return std::make_unique<CudnnRunner>(algorithm, request);
}

CudnnNetwork::CudnnNetwork(const CudnnConfig& config, const RunnerRequest& request)
    : request_(request),
      rnn_(config, std::array{weights_of(request)}, request.stream),
      packed_version_(request.packs->version()) {}

void CudnnNetwork::load_changed_weights() {
  const std::uint64_t version = request_.packs->version();
  if (version == packed_version_) return;
  rnn_.load(std::array{weights_of(request_)}, request_.stream);
  packed_version_ = version;
}

}  // namespace rondo
