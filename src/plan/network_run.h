/// The tensors of one run of a network, and which of them each of its recurrences works with.
#pragma once

#include <vector>

#include "rondo/plan/network.h"

namespace rondo {

/// Throws `ValueError` naming the tensor that does not fit.
void check_network_tensors(const NetworkSpec& spec, const NetworkTensors& tensors);

/// Where a tensor of a run is; its shape and dtype are the spec's. Null: absent.
struct TensorAddress {
  const void* data = nullptr;
  Strides strides = {};

  bool operator==(const TensorAddress&) const = default;
};

/// Of all tensors of a run that fits `spec`, in an order of their own: two runs of a network with equal ones do the
/// same.
void list_addresses(const NetworkSpec& spec, const NetworkTensors& tensors, std::vector<TensorAddress>& addresses);

/// The time steps of a chunk.
struct Chunk {
  std::int64_t begin = 0;
  std::int64_t end = 0;
};

/// A recurrence's part of a run.
struct LaneTensors {
  const RecurrenceSpec& spec;
  Tensor x;
  std::optional<Tensor> y;
  const DirectionTensors& given;
  const std::vector<Tensor>& carried;  ///< states between chunks
};

/// What a session gets for one of its chunks: states come from the chunk before, and go on to the next one.
SessionTensors chunk_tensors(const LaneTensors& lane, const NetworkTensors& tensors, Chunk chunk);

}  // namespace rondo
