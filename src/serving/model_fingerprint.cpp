#include "serving/model_fingerprint.h"

#include "plan/reserve_tag.h"
#include "serving/checksum.h"

namespace rondo {
namespace {

void add_weight(Checksum& checksum, const Tensor& weight) {
  const Tensor host = weight.to(cpu()).contiguous();
  for (const std::int64_t size : host.shape()) checksum.add(static_cast<std::uint64_t>(size));
  checksum.add(std::span(static_cast<const std::byte*>(host.data()),
                         static_cast<std::size_t>(host.numel()) * size_of(host.dtype())));
}

}  // namespace

std::uint64_t model_fingerprint(const LoadedNetwork& network) {
  Checksum checksum;
  for (std::size_t k = 0; k < network.spec.layers.size(); ++k) {
    const RecurrenceSpec& layer = network.spec.layers[k].forward;
    checksum.add(tag_of({.cell = layer.cell, .I = layer.I, .dtype = layer.dtype}));
    (void)network.weights[k].forward.map([&](const Tensor& weight) {
      add_weight(checksum, weight);
      return weight;
    });
  }
  return checksum.sum();
}

}  // namespace rondo
