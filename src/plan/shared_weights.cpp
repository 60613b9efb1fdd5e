#include "plan/shared_weights_impl.h"
#include "rondo/tensor/stream.h"
#include "rondo/vocabulary/error.h"
#include "tensor/requirement.h"

namespace rondo {
namespace {

#ifdef NDEBUG
constexpr bool kChecksWeights = false;
#else
constexpr bool kChecksWeights = true;
#endif

template <typename Function>
void for_each_weight(const RecurrentWeights& weights, const Function& function) {
  function("weight kernel", weights.kernel);
  function("weight recurrent_kernel", weights.recurrent_kernel);
  if (weights.bias) function("weight bias", *weights.bias);
  if (weights.peepholes) function("weight peepholes", *weights.peepholes);
  if (weights.projection) function("weight projection", *weights.projection);
}

// FNV-1a over the bytes of contiguous weights on the CPU; 0 on other devices.
std::uint64_t checksum_of(const RecurrentWeights& weights) {
  if (!kChecksWeights || weights.kernel.device() != cpu()) return 0;
  std::uint64_t sum = 0xcbf29ce484222325;
  for_each_weight(weights, [&](const char*, const Tensor& weight) {
    const auto* bytes = static_cast<const unsigned char*>(weight.data());
    const auto count = static_cast<std::size_t>(weight.numel()) * size_of(weight.dtype());
    for (std::size_t k = 0; k < count; ++k) sum = (sum ^ bytes[k]) * 0x100000001b3;
  });
  return sum;
}

// Copies the weights that have gaps.
void copy_gapped(const RecurrentWeights& given, const RecurrentWeights& contiguous) {
  std::vector<Tensor> targets;
  for_each_weight(contiguous, [&](const char*, const Tensor& weight) { targets.push_back(weight); });
  std::size_t next = 0;
  for_each_weight(given, [&](const char*, const Tensor& weight) {
    const Tensor& target = targets[next++];
    if (!weight.is_contiguous()) target.copy_from(weight);
  });
}

}  // namespace

SharedWeights::SharedWeights(const RecurrentWeights& weights) : impl_(std::make_shared<Impl>()) {
  for_each_weight(weights, [](const char* name, const Tensor& weight) {
    if (!weight.defined()) throw ValueError(name, "an undefined tensor", "a tensor with elements");
  });
  impl_->given = weights;
  impl_->contiguous = weights.map([](const Tensor& weight) { return weight.contiguous(); });
  impl_->checksum = checksum_of(impl_->contiguous);
}

const RecurrentWeights& SharedWeights::weights() const { return impl_->given; }

void SharedWeights::reload(std::optional<Stream> stream) {
  const Device device = impl_->given.kernel.device();
  const StreamScope scope(stream.value_or(current_stream(device)));
  copy_gapped(impl_->given, impl_->contiguous);
  impl_->packs->refill(current_stream(device));
  impl_->checksum = checksum_of(impl_->contiguous);
}

void SharedWeights::Impl::check_unchanged() const {
  if (!kChecksWeights || checksum == checksum_of(contiguous)) return;
  throw RuntimeError("weights: got elements that have changed since they were packed, expected a call of reload");
}

void check_fits(const RecurrenceSpec& spec, const RecurrentWeights& weights) {
  check_weights(spec.cell, weights);
  const std::int64_t columns = gate_count(spec.cell.kind) * spec.cell.units;
  check_tensor(weights.kernel, {"weight kernel", {spec.I, columns}, spec.dtype, spec.device});
  for_each_weight(weights, [&](const char* name, const Tensor& weight) {
    check_tensor(weight, {name, weight.shape(), spec.dtype, spec.device});
  });
}

WeightBuffers weight_buffers(const CellSpec& cell, const RecurrentWeights& weights) {
  WeightBuffers buffers{.kernel = weights.kernel.data(), .recurrent_kernel = weights.recurrent_kernel.data()};
  if (weights.peepholes) buffers.peepholes = weights.peepholes->data();
  if (weights.projection) buffers.projection = weights.projection->data();
  if (!cell.use_bias) return buffers;
  const bool two_rows = weights.bias->rank() == 2;
  buffers.bias = weights.bias->data();
  if (two_rows) buffers.recurrent_bias = weights.bias->select(0, 1).data();
  return buffers;
}

}  // namespace rondo
