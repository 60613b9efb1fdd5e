#include "cuda/cudnn/cudnn_calls.h"

#include <algorithm>
#include <string>

#include "cuda/cudnn/cudnn_weight_space.h"
#include "cuda/runtime/runtime.h"
#include "rondo/tensor/stream.h"
#include "rondo/vocabulary/error.h"

namespace rondo {
namespace {

std::size_t bytes_of(const Tensor& tensor) {
  return static_cast<std::size_t>(tensor.numel()) * size_of(tensor.dtype());
}

Tensor bytes_on(Device device, std::size_t bytes) {
  return Tensor::empty({static_cast<std::int64_t>(bytes)}, DType::u8, device);
}

std::vector<CudnnLayout> layouts_of(const CudnnConfig& config) {
  if (config.packed) return {CudnnLayout::packed};
  return {CudnnLayout::time_major, CudnnLayout::batch_major};
}

// The mode of a run decides what the gradients find in its reserve, and how much work space every call needs.
cudnnForwardMode_t mode_of(const CudnnConfig& config) {
  return config.use == CudnnUse::inference ? CUDNN_FWD_MODE_INFERENCE : CUDNN_FWD_MODE_TRAINING;
}

}  // namespace

CudnnRnn::Impl::Impl(const CudnnConfig& its_config, Stream stream)
    : config(its_config),
      handle(cudnn::make_handle()),
      network(cudnn::make_rnn_descriptor(its_config)),
      h(cudnn::make_state_descriptor(its_config, state_width(its_config))),
      c(cudnn::make_state_descriptor(its_config, its_config.H)) {
  use(stream);
  for (const CudnnLayout layout : layouts_of(config)) {
    sequences.push_back({layout, cudnn::make_sequence_descriptor(), cudnn::make_sequence_descriptor()});
  }
  set_lengths(std::vector(static_cast<std::size_t>(config.B), static_cast<std::int32_t>(config.T)));
}

void CudnnRnn::Impl::use(Stream stream) {
  if (stream.device != config.device) throw ValueError("stream", to_string(stream.device), to_string(config.device));
  if (used_stream && used_stream->native == stream.native) return;
  cudnn::check(cudnnSetStream(handle.get(), static_cast<cudaStream_t>(stream.native)), "giving cuDNN a stream");
  used_stream = stream;
}

void CudnnRnn::Impl::set_lengths(std::span<const std::int32_t> lengths) {
  for (const Sequences& sequence : sequences) {
    cudnn::set_sequence_descriptor(sequence.x, config, sequence.layout, config.I, lengths);
    cudnn::set_sequence_descriptor(sequence.y, config, sequence.layout, output_width(config), lengths);
  }
}

void CudnnRnn::Impl::prepare() {
  if (config.algorithm == CudnnAlgorithm::persist_dynamic) {
    cudnn::check_supported(cudnnBuildRNNDynamic(handle.get(), network.get(), static_cast<int>(config.B)),
                           "compiling it");
  }
  for (const Sequences& sequence : sequences) {
    std::size_t work = 0;
    std::size_t reserve = 0;
    cudnn::check_supported(
        cudnnGetRNNTempSpaceSizes(handle.get(), network.get(), mode_of(config), sequence.x.get(), &work, &reserve),
        "asking for the size of its work space");
    work_bytes = std::max(work_bytes, work);
    if (config.use != CudnnUse::inference) reserve_bytes = std::max(reserve_bytes, reserve);
  }
}

void CudnnRnn::Impl::allocate(Stream stream) {
  const StreamScope scope(stream);
  work_space = bytes_on(config.device, work_bytes);
  if (config.use != CudnnUse::gradients) return;
  gradient_space = cudnn::make_weight_space(config, handle, network, stream);
  places = cudnn::places_in(gradient_space, config, handle, network);
}

void CudnnRnn::Impl::try_out(Stream stream) {
  const StreamScope scope(stream);
  const Tensor x = Tensor::zeros({config.T, config.B, config.I}, config.dtype, config.device);
  const Tensor y = Tensor::empty({config.T, config.B, output_width(config)}, config.dtype, config.device);
  const Tensor reserve = bytes_on(config.device, reserve_bytes);
  for (const Sequences& sequence : sequences) {
    const CudnnBuffers run{.layout = sequence.layout, .x = x.data(), .y = y.data(), .reserve = reserve.data()};
    cudnn::check_supported(forward(run), "running it");
    if (config.use == CudnnUse::gradients) try_out_gradients(run, stream);
  }
}

void CudnnRnn::Impl::try_out_gradients(const CudnnBuffers& run, Stream stream) {
  const Tensor d_x = Tensor::empty({config.T, config.B, config.I}, config.dtype, config.device);
  const Tensor d_y = Tensor::zeros({config.T, config.B, output_width(config)}, config.dtype, config.device);
  const CudnnGradients gradients{
      .layout = run.layout, .x = run.x, .y = run.y, .reserve = run.reserve, .d_y = d_y.data(), .d_x = d_x.data()};
  cudnn::check_supported(data_gradients(gradients), "computing its gradients");
  clear_gradient_space(stream);
  cudnn::check_supported(weight_gradients(gradients), "computing the gradients of its weights");
}

// In these calls devSeqLengths is null: since 8.9.1 cuDNN does without a copy of the lengths in the device's memory.

cudnnStatus_t CudnnRnn::Impl::forward(const CudnnBuffers& buffers) const {
  const Sequences& sequence = sequences_in(buffers.layout);
  return cudnnRNNForward(handle.get(), network.get(), mode_of(config), nullptr, sequence.x.get(), buffers.x,
                         sequence.y.get(), buffers.y, h.get(), buffers.initial_h, buffers.final_h, c.get(),
                         buffers.initial_c, buffers.final_c, bytes_of(weight_space), weight_space.data(),
                         bytes_of(work_space), work_space.data(), reserve_bytes,
                         reserve_bytes > 0 ? buffers.reserve : nullptr);
}

cudnnStatus_t CudnnRnn::Impl::data_gradients(const CudnnGradients& gradients) const {
  const Sequences& sequence = sequences_in(gradients.layout);
  return cudnnRNNBackwardData_v8(handle.get(), network.get(), nullptr, sequence.y.get(), gradients.y, gradients.d_y,
                                 sequence.x.get(), gradients.d_x, h.get(), gradients.initial_h, gradients.d_final_h,
                                 gradients.d_initial_h, c.get(), gradients.initial_c, gradients.d_final_c,
                                 gradients.d_initial_c, bytes_of(weight_space), weight_space.data(),
                                 bytes_of(work_space), work_space.data(), reserve_bytes, gradients.reserve);
}

// Of cuDNN's two modes it has carried out CUDNN_WGRAD_MODE_ADD alone so far.
cudnnStatus_t CudnnRnn::Impl::weight_gradients(const CudnnGradients& gradients) const {
  const Sequences& sequence = sequences_in(gradients.layout);
  return cudnnRNNBackwardWeights_v8(handle.get(), network.get(), CUDNN_WGRAD_MODE_ADD, nullptr, sequence.x.get(),
                                    gradients.x, h.get(), gradients.initial_h, sequence.y.get(), gradients.y,
                                    bytes_of(gradient_space), gradient_space.data(), bytes_of(work_space),
                                    work_space.data(), reserve_bytes, gradients.reserve);
}

void CudnnRnn::Impl::clear_gradient_space(Stream stream) const {
  cuda_runtime::fill_zeros(gradient_space.data(), bytes_of(gradient_space), stream);
}

const CudnnRnn::Impl::Sequences& CudnnRnn::Impl::sequences_in(CudnnLayout layout) const {
  const auto sequence = std::ranges::find(sequences, layout, &Sequences::layout);
  if (sequence != sequences.end()) return *sequence;
  throw ValueError("layout", std::to_string(static_cast<int>(layout)),
                   config.packed ? "packed, as the config says" : "time_major or batch_major, as the config says");
}

}  // namespace rondo
