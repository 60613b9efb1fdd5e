/// The sequences between the layers of a network whose reserves are in the host's memory.
#pragma once

#include <vector>

#include "cuda/runtime/runtime.h"
#include "plan/network/network_reserve.h"

namespace rondo {

/// Bytes of the outputs of all layers but the last, on the device.
std::size_t sequence_bytes(const NetworkSpec& spec);
/// Memory for them in the order of the current stream: (T, B, features) or, where x is packed, (T B, features).
std::vector<Tensor> empty_sequences(const NetworkSpec& spec);

/// Runs write the sequences to memory of the device, and copies on a stream of its own bring them to the reserve and
/// back, beside the work on the streams of the lanes.
class SequenceSwap {
 public:
  /// Allocates the sequences in the order of the current stream. The spec must swap its reserve.
  explicit SequenceSwap(const NetworkSpec& spec);

  /// The outputs of a layer on the device, for all rows that a packed batch may have.
  const Tensor& sequence(std::size_t layer) const { return sequences_[layer]; }

  /// Copies the outputs of a layer to their piece of the reserve, behind what is queued on `writer`.
  void store(std::size_t layer, const ReservePiece& piece, const Tensor& reserve, Stream writer) const;
  /// Copies them back, behind the fetches before it.
  void fetch(std::size_t layer, const ReservePiece& piece, const Tensor& reserve) const;

  /// Copies that are queued from now on wait for `stream`, or `stream` for those that are queued.
  void begin_behind(Stream stream) const { cuda_runtime::make_wait(copies_.get(), stream); }
  void join(Stream stream) const { cuda_runtime::make_wait(stream, copies_.get()); }

 private:
  std::vector<Tensor> sequences_;
  cuda_runtime::OwnedStream copies_;
};

}  // namespace rondo
