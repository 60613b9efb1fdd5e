#include "cuda/cudnn/cudnn_rnn.h"

#include <algorithm>
#include <string>

#include "cuda/cudnn/cudnn_calls.h"
#include "cuda/cudnn/cudnn_weight_space.h"
#include "cuda/runtime/check.h"
#include "rondo/vocabulary/error.h"

namespace rondo {
namespace {

std::size_t bytes_of(const Tensor& tensor) {
  return static_cast<std::size_t>(tensor.numel()) * size_of(tensor.dtype());
}

}  // namespace

CudnnRnn::CudnnRnn(const CudnnConfig& config, std::span<const CudnnWeights> weights, Stream stream) {
  const cuda_runtime::CurrentDevice scope(config.device);
  impl_ = std::make_unique<Impl>(config, stream);
  impl_->weight_space = cudnn::make_weight_space(config, impl_->handle, impl_->network, stream);
  load(weights, stream);
  impl_->prepare();
  impl_->allocate(stream);
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

void CudnnRnn::backward(const CudnnGradients& gradients, Stream stream) {
  const cuda_runtime::CurrentDevice scope(impl_->config.device);
  impl_->use(stream);
  cudnn::check(impl_->data_gradients(gradients), "computing gradients by cuDNN");
  if (!gradients.wants_weights) return;
  impl_->clear_gradient_space(stream);
  cudnn::check(impl_->weight_gradients(gradients), "computing gradients of weights by cuDNN");
}

std::span<const CudnnPlace> CudnnRnn::weight_gradients() const { return impl_->places; }
const CudnnConfig& CudnnRnn::config() const { return impl_->config; }
std::size_t CudnnRnn::weight_space_bytes() const { return bytes_of(impl_->weight_space); }
std::size_t CudnnRnn::work_space_bytes() const { return impl_->work_bytes; }
std::size_t CudnnRnn::reserve_bytes() const { return impl_->reserve_bytes; }

std::size_t cudnn_reserve_bytes(const CudnnConfig& config) {
  const cuda_runtime::CurrentDevice scope(config.device);
  CudnnRnn::Impl network(config, Stream{config.device});
  network.prepare();
  return network.reserve_bytes;
}

}  // namespace rondo
