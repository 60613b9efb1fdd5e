#include "plan/network/sequence_swap.h"

#include <cstddef>

namespace rondo {

std::size_t sequence_bytes(const NetworkSpec& spec) {
  std::size_t bytes = 0;
  for (std::size_t k = 0; k + 1 < spec.layers.size(); ++k) {
    const RecurrenceSpec& layer = spec.layers[k].forward;
    bytes += static_cast<std::size_t>(layer.T * layer.B * output_features(spec.layers[k])) * size_of(layer.dtype);
  }
  return bytes;
}

std::vector<Tensor> empty_sequences(const NetworkSpec& spec) {
  std::vector<Tensor> sequences;
  for (std::size_t k = 0; k + 1 < spec.layers.size(); ++k) {
    const RecurrenceSpec& layer = spec.layers[k].forward;
    const std::int64_t features = output_features(spec.layers[k]);
    const Shape shape = layer.packed ? Shape{layer.T * layer.B, features} : Shape{layer.T, layer.B, features};
    sequences.push_back(Tensor::empty(shape, layer.dtype, layer.device));
  }
  return sequences;
}

SequenceSwap::SequenceSwap(const NetworkSpec& spec)
    : sequences_(empty_sequences(spec)), copies_(spec.layers.front().forward.device) {}

void SequenceSwap::store(std::size_t layer, const ReservePiece& piece, const Tensor& reserve, Stream writer) const {
  begin_behind(writer);
  if (piece.bytes == 0) return;
  auto* const target = static_cast<std::byte*>(reserve.data()) + piece.offset;
  cuda_runtime::copy(target, sequences_[layer].data(), piece.bytes, copies_.get());
}

void SequenceSwap::fetch(std::size_t layer, const ReservePiece& piece, const Tensor& reserve) const {
  if (piece.bytes == 0) return;
  const auto* const source = static_cast<const std::byte*>(reserve.data()) + piece.offset;
  cuda_runtime::copy(sequences_[layer].data(), source, piece.bytes, copies_.get());
}

}  // namespace rondo
