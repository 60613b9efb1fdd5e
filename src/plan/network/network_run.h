/// The tensors of one run of a network, and which of them each recurrence reads and writes.
#pragma once

#include <vector>

#include "rondo/plan/network.h"

namespace rondo {

/// Throws `ValueError` naming the tensor that does not fit.
void check_network_tensors(const NetworkSpec& spec, const NetworkTensors& tensors);

/// The address and strides of a tensor of a run; the spec has its shape and dtype. Null data: absent.
struct TensorAddress {
  const void* data = nullptr;
  Strides strides = {};
  std::int64_t rows = 0;  ///< of x: a packed one has another number in each run

  bool operator==(const TensorAddress&) const = default;
};

/// Lists the addresses of all tensors of a run that fits `spec`, in a fixed order. Two runs of a network with equal
/// lists read and write the same memory.
void list_addresses(const NetworkSpec& spec, const NetworkTensors& tensors, std::vector<TensorAddress>& addresses);

/// The time steps of a chunk: begin .. end - 1.
struct Chunk {
  std::int64_t begin = 0;
  std::int64_t end = 0;
};

/// One recurrence's part of the tensors of a run.
struct LaneTensors {
  const RecurrenceSpec& spec;
  Tensor x;
  std::optional<Tensor> y;
  const DirectionTensors& given;
  const std::vector<Tensor>& carried;  ///< states between chunks
  std::optional<Tensor> reserve = std::nullopt;
};

/// The tensors of a session's run over one chunk. A chunk reads the states that the chunk before it wrote.
SessionTensors chunk_tensors(const LaneTensors& lane, const NetworkTensors& tensors, Chunk chunk);

}  // namespace rondo
