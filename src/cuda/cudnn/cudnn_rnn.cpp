#include "cuda/cudnn/cudnn_rnn.h"

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "cuda/cudnn/cudnn_descriptors.h"
#include "cuda/cudnn/cudnn_weight_space.h"
#include "cuda/runtime/check.h"
#include "rondo/tensor/stream.h"
#include "rondo/vocabulary/error.h"

namespace rondo {
namespace {

std::size_t bytes_of(const Tensor& tensor) {
  return static_cast<std::size_t>(tensor.numel()) * size_of(tensor.dtype());
}

/// x and y in one of the layouts.
struct SequenceDescriptors {
  CudnnLayout layout;
  cudnn::SequenceDescriptor x;
  cudnn::SequenceDescriptor y;
};

std::vector<CudnnLayout> layouts_of(const CudnnConfig& config) {
  if (config.packed) return {CudnnLayout::packed};
  return {CudnnLayout::time_major, CudnnLayout::batch_major};
}

}  // namespace

struct CudnnRnn::Impl {
  Impl(const CudnnConfig& its_config, Stream stream)
      : config(its_config),
        handle(cudnn::make_handle()),
        network(cudnn::make_rnn_descriptor(its_config)),
        h(cudnn::make_state_descriptor(its_config, state_width(its_config))),
        c(cudnn::make_state_descriptor(its_config, its_config.H)) {
    use(stream);
    for (const CudnnLayout layout : layouts_of(config)) {
      sequences.push_back({layout, cudnn::make_sequence_descriptor(), cudnn::make_sequence_descriptor()});
    }
  }

  void use(Stream stream);
  void set_lengths(std::span<const std::int32_t> lengths);
  void allocate_work_space(Stream stream);
  void try_out(Stream stream);
  cudnnStatus_t forward(const CudnnBuffers& buffers);

  const CudnnConfig config;
  cudnn::Handle handle;
  cudnn::RnnDescriptor network;
  std::vector<SequenceDescriptors> sequences;
  cudnn::TensorDescriptor h;
  cudnn::TensorDescriptor c;
  std::optional<Stream> used_stream;
  Tensor weight_space;
  Tensor work_space;
};

void CudnnRnn::Impl::use(Stream stream) {
  if (stream.device != config.device) throw ValueError("stream", to_string(stream.device), to_string(config.device));
  if (used_stream && used_stream->native == stream.native) return;
  cudnn::check(cudnnSetStream(handle.get(), static_cast<cudaStream_t>(stream.native)), "giving cuDNN a stream");
  used_stream = stream;
}

void CudnnRnn::Impl::set_lengths(std::span<const std::int32_t> lengths) {
  for (const SequenceDescriptors& sequence : sequences) {
    cudnn::set_sequence_descriptor(sequence.x, config, sequence.layout, config.I, lengths);
    cudnn::set_sequence_descriptor(sequence.y, config, sequence.layout, output_width(config), lengths);
  }
}

void CudnnRnn::Impl::allocate_work_space(Stream stream) {
  std::size_t most = 0;
  for (const SequenceDescriptors& sequence : sequences) {
    std::size_t work = 0;
    std::size_t reserve = 0;  // training's
    cudnn::check_supported(cudnnGetRNNTempSpaceSizes(handle.get(), network.get(), CUDNN_FWD_MODE_INFERENCE,
                                                     sequence.x.get(), &work, &reserve),
                           "asking for the size of its work space");
    most = std::max(most, work);
  }
  const StreamScope stream_scope(stream);
  work_space = Tensor::empty({static_cast<std::int64_t>(most)}, DType::u8, config.device);
}

void CudnnRnn::Impl::try_out(Stream stream) {
  const StreamScope stream_scope(stream);
  const Tensor x = Tensor::zeros({config.T, config.B, config.I}, config.dtype, config.device);
  const Tensor y = Tensor::empty({config.T, config.B, output_width(config)}, config.dtype, config.device);
  for (const SequenceDescriptors& sequence : sequences) {
    cudnn::check_supported(forward({.layout = sequence.layout, .x = x.data(), .y = y.data()}), "running it");
  }
}

// devSeqLengths is null: since 8.9.1 cuDNN does without a copy of the lengths in the device's memory.
cudnnStatus_t CudnnRnn::Impl::forward(const CudnnBuffers& buffers) {
  const auto sequence = std::ranges::find(sequences, buffers.layout, &SequenceDescriptors::layout);
  if (sequence == sequences.end()) {
    throw ValueError("layout", std::to_string(static_cast<int>(buffers.layout)),
                     config.packed ? "packed, as the config says" : "time_major or batch_major, as the config says");
  }
  return cudnnRNNForward(handle.get(), network.get(), CUDNN_FWD_MODE_INFERENCE, nullptr, sequence->x.get(), buffers.x,
                         sequence->y.get(), buffers.y, h.get(), buffers.initial_h, buffers.final_h, c.get(),
                         buffers.initial_c, buffers.final_c, bytes_of(weight_space), weight_space.data(),
                         bytes_of(work_space), work_space.data(), 0, nullptr);
}

CudnnRnn::CudnnRnn(const CudnnConfig& config, std::span<const CudnnWeights> weights, Stream stream) {
  const cuda_runtime::CurrentDevice scope(config.device);
  impl_ = std::make_unique<Impl>(config, stream);
  impl_->weight_space = cudnn::make_weight_space(config, impl_->handle, impl_->network, stream);
  load(weights, stream);
  if (config.algorithm == CudnnAlgorithm::persist_dynamic) {
    cudnn::check_supported(cudnnBuildRNNDynamic(impl_->handle.get(), impl_->network.get(), static_cast<int>(config.B)),
                           "compiling it");
  }
  impl_->set_lengths(std::vector(static_cast<std::size_t>(config.B), static_cast<std::int32_t>(config.T)));
  impl_->allocate_work_space(stream);
  impl_->try_out(stream);
}

CudnnRnn::~CudnnRnn() = default;
CudnnRnn::CudnnRnn(CudnnRnn&&) noexcept = default;
CudnnRnn& CudnnRnn::operator=(CudnnRnn&&) noexcept = default;

void CudnnRnn::load(std::span<const CudnnWeights> weights, Stream stream) {
  cudnn::fill_weight_space(impl_->config, weights, impl_->handle, impl_->network, impl_->weight_space, stream);
}

void CudnnRnn::set_lengths(std::span<const std::int32_t> lengths) {
  const CudnnConfig& config = impl_->config;
  if (static_cast<std::int64_t>(lengths.size()) != config.B) {
    throw ValueError("lengths", std::to_string(lengths.size()), std::to_string(config.B) + ", one for each row");
  }
  for (const std::int32_t length : lengths) {
    if (length >= 1 && length <= config.T) continue;
    throw ValueError("lengths", "a row of " + std::to_string(length), "1 to T = " + std::to_string(config.T));
  }
  const bool full = std::ranges::all_of(lengths, [&](std::int32_t length) { return length == config.T; });
  if (!full && config.algorithm != CudnnAlgorithm::standard) {
    throw ValueError("lengths", "rows shorter than T", "T everywhere, as the persistent algorithms take no lengths");
  }
  impl_->set_lengths(lengths);
}

void CudnnRnn::forward(const CudnnBuffers& buffers, Stream stream) {
  const cuda_runtime::CurrentDevice scope(impl_->config.device);
  impl_->use(stream);
  cudnn::check(impl_->forward(buffers), "running a network of cuDNN's");
}

const CudnnConfig& CudnnRnn::config() const { return impl_->config; }
std::size_t CudnnRnn::weight_space_bytes() const { return bytes_of(impl_->weight_space); }
std::size_t CudnnRnn::work_space_bytes() const { return bytes_of(impl_->work_space); }

}  // namespace rondo
