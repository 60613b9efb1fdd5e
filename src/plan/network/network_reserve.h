/// What a network's run keeps for its gradients, and where: the reserves of its recurrences, and the sequences between
/// its layers.
#pragma once

#include <vector>

#include "rondo/plan/network.h"

namespace rondo {

/// A piece of the reserve, in bytes.
struct ReservePiece {
  std::size_t offset = 0;
  std::size_t bytes = 0;
};

struct NetworkReserve {
  struct Layer {
    ReservePiece forward;
    ReservePiece backward;  ///< without bytes where the layer has one direction
    ReservePiece sequence;  ///< its outputs; without bytes in the last layer
  };
  std::vector<Layer> layers;
  std::size_t bytes = 0;  ///< of all
};

/// The layout for runs with the rows of this x. The specs must keep something.
NetworkReserve network_reserve(const NetworkSpec& spec, const Tensor& x);
/// The same for `rows` rows of a packed x.
NetworkReserve network_reserve(const NetworkSpec& spec, std::int64_t rows);

/// A piece as bytes.
Tensor bytes_of_piece(const Tensor& reserve, const ReservePiece& piece);
/// A piece as a tensor without gaps. It does not keep the reserve's memory alive.
Tensor tensor_of_piece(const Tensor& reserve, const ReservePiece& piece, const Shape& shape, DType dtype);

}  // namespace rondo
