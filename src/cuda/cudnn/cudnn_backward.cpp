#include "cuda/cudnn/cudnn_backward.h"

#include <algorithm>
#include <array>
#include <vector>

#include "cuda/cudnn/cudnn_reserve.h"
#include "cuda/cudnn/cudnn_runner.h"
#include "cuda/cudnn/cudnn_support.h"
#include "cuda/runtime/replayed_runs.h"
#include "cuda/runtime/runtime.h"
#include "rondo/tensor/stream.h"

namespace rondo {
namespace {

CudnnConfig gradient_config(CudnnAlgorithm algorithm, const RecurrenceSpec& spec) {
  CudnnConfig config = cudnn_config(algorithm, spec);
  config.use = CudnnUse::gradients;
  return config;
}

/// The caller's gradients of weights as tensors in Keras's layout; undefined or absent: not wanted.
CudnnWeights wanted_weights(const WeightGradientBuffers& buffers, const RecurrenceSpec& spec) {
  const std::int64_t columns = gate_count(spec.cell.kind) * spec.cell.units;
  const auto borrow = [&](void* data, const Shape& shape) {
    return data == nullptr ? Tensor() : Tensor::borrow_device(data, shape, buffers.dtype, spec.device);
  };
  CudnnWeights wanted;
  wanted.cell.kernel = borrow(buffers.kernel, {spec.I, columns});
  wanted.cell.recurrent_kernel = borrow(buffers.recurrent_kernel, {spec.cell.units, columns});
  if (buffers.bias != nullptr) {
    wanted.cell.bias = borrow(buffers.bias, bias_rows(spec.cell) == 2 ? Shape{2, columns} : Shape{columns});
  }
  return wanted;
}

class CudnnBackwardRunner final : public BackwardRunner {
 public:
  CudnnBackwardRunner(CudnnAlgorithm algorithm, const RunnerRequest& request)
      : spec_(request.spec),
        network_(gradient_config(algorithm, request.spec), request),
        runs_(request.stream, request.graph_use) {
    const StreamScope scope(request.stream);
    const auto bytes = static_cast<std::int64_t>(network_.rnn().reserve_bytes());
    reserve_copy_ = Tensor::empty({bytes}, DType::u8, spec_.device);
  }

  void run(const GradientBuffers& buffers, void* workspace) override {
    const CudnnLayout layout = checked_cudnn_gradients(spec_, buffers);
    check_cudnn_reserve(buffers.run.reserve);
    network_.load_changed_weights();
    runs_.run({buffers, workspace}, [&](Stream stream) { queue(buffers, layout, workspace, stream); });
  }

 private:
  struct RunBuffers {
    GradientBuffers buffers;
    void* workspace = nullptr;

    bool operator==(const RunBuffers&) const = default;
  };

  void queue(const GradientBuffers& buffers, CudnnLayout layout, void* workspace, Stream stream) {
    const CudnnReserve kept = cudnn_reserve(spec_, network_.rnn().reserve_bytes(), buffers.run.reserve);
    const CudnnGradientWorkspace work = cudnn_gradient_workspace(spec_, workspace);
    const CudnnWeights weights = wanted_weights(buffers.d_weights, spec_);
    const std::vector<PlacedMatrix> copies =
        unpacked_gradients(network_.rnn().weight_gradients(), weights, spec_.cell.units);
    const bool apart = buffers.d_x.data == nullptr || buffers.accumulates_x;
    void* const d_x = apart ? work.d_x : buffers.d_x.data;
    network_.rnn().backward({.layout = layout,
                             .x = buffers.run.x.data,
                             .y = kept.y,
                             .initial_h = kept.initial_state[0],
                             .initial_c = kept.initial_state[1],
                             .reserve = expendable(kept, buffers.reserve_use, stream),
                             .d_y = d_y(buffers, work, stream),
                             .d_final_h = d_final_h(buffers, work, stream),
                             .d_final_c = given_state(1, buffers, work, stream),
                             .d_x = d_x,
                             .d_initial_h = buffers.d_initial_state[0].data,
                             .d_initial_c = buffers.d_initial_state[1].data,
                             .wants_weights = !copies.empty()},
                            stream);
    if (buffers.d_x.data != nullptr && apart) add(d_x, buffers.d_x.data, spec_.T * spec_.B, spec_.I, stream);
    place_matrices(
        copies, {.source = spec_.dtype, .target = buffers.d_weights.dtype, .accumulate = buffers.d_weights.accumulate},
        stream);
  }

  // cuDNN computes in what it has kept.
  void* expendable(const CudnnReserve& kept, ReserveUse use, Stream stream) const {
    if (use == ReserveUse::consume) return kept.own;
    cuda_runtime::copy(reserve_copy_.data(), kept.own, static_cast<std::size_t>(reserve_copy_.numel()), stream);
    return reserve_copy_.data();
  }

  static const void* d_y(const GradientBuffers& buffers, const CudnnGradientWorkspace& work, Stream stream) {
    if (buffers.d_y.data != nullptr) return buffers.d_y.data;
    cuda_runtime::fill_zeros(work.d_y, work.d_y_bytes, stream);
    return work.d_y;
  }

  // Without lengths the last output is the final h.
  const void* d_final_h(const GradientBuffers& buffers, const CudnnGradientWorkspace& work, Stream stream) const {
    const void* const last = buffers.d_last_output.data;
    if (last == nullptr) return given_state(0, buffers, work, stream);
    const void* const final_h = buffers.d_final_state[0].data;
    std::byte* const sum = work.d_final_state[0];
    cuda_runtime::copy(sum, last, state_bytes(), stream);
    if (final_h != nullptr) add(final_h, sum, spec_.B, spec_.cell.units, stream);
    return sum;
  }

  // Nothing says that cuDNN may write the gradient of an initial state over that of a final one, which the caller may
  // ask for.
  const void* given_state(std::size_t k, const GradientBuffers& buffers, const CudnnGradientWorkspace& work,
                          Stream stream) const {
    const void* const given = buffers.d_final_state[k].data;
    const bool overwritten =
        given != nullptr && std::ranges::any_of(buffers.d_initial_state,
                                                [given](const BatchBuffer& initial) { return initial.data == given; });
    if (!overwritten) return given;
    cuda_runtime::copy(work.d_final_state[k], given, state_bytes(), stream);
    return work.d_final_state[k];
  }

  std::size_t state_bytes() const {
    return static_cast<std::size_t>(spec_.B * spec_.cell.units) * size_of(spec_.dtype);
  }

  // Adds (rows, columns) without gaps.
  void add(const void* source, void* target, std::int64_t rows, std::int64_t columns, Stream stream) const {
    const PlacedMatrix matrix{.source = source,
                              .rows = rows,
                              .columns = columns,
                              .target = target,
                              .row_stride = columns,
                              .column_stride = 1};
    place_matrices(std::array{matrix}, {.source = spec_.dtype, .target = spec_.dtype, .accumulate = true}, stream);
  }

  const RecurrenceSpec spec_;
  CudnnNetwork network_;
  Tensor reserve_copy_;
  ReplayedRuns<RunBuffers> runs_;
};

class CudnnBackwardDecision final : public BackwardDecision {
 public:
  CudnnBackwardDecision(CudnnAlgorithm algorithm, const RecurrenceSpec& spec)
      : algorithm_(algorithm), workspace_bytes_(cudnn_gradient_workspace(spec, nullptr).bytes) {}

  std::size_t workspace_bytes() const override { return workspace_bytes_; }
  MadeBackwardRunner make_runner(const RunnerRequest& request) const override {
    return {.runner = std::make_unique<CudnnBackwardRunner>(algorithm_, request)};
  }

 private:
  const CudnnAlgorithm algorithm_;
  const std::size_t workspace_bytes_;
};

}  // namespace

std::shared_ptr<const BackwardDecision> decide_cudnn_backward(CudnnAlgorithm algorithm, const RecurrenceSpec& spec) {
  return std::make_shared<CudnnBackwardDecision>(algorithm, spec);
}

}  // namespace rondo
