/// The type of the exchange of a kernel.
#pragma once

#include "cuda/persistent/kernel/block_exchange.cuh"
#include "cuda/persistent/kernel/cluster_exchange.cuh"
#include "cuda/persistent/kernel/grid_exchange.cuh"
#include "cuda/persistent/kernel/threes_exchange.cuh"

namespace rondo {

template <typename Operand, PersistentKind kKind, int kRowTiles, GridWords kWords>
struct ExchangeOf {
  using Type = BlockExchange<Operand>;
};
template <typename Operand, int kRowTiles, GridWords kWords>
struct ExchangeOf<Operand, PersistentKind::cluster, kRowTiles, kWords> {
  using Type = ClusterExchange<Operand>;
};
template <typename Operand, int kRowTiles, GridWords kWords>
struct ExchangeOf<Operand, PersistentKind::grid, kRowTiles, kWords> {
  using Type = GridExchange<Operand, kRowTiles, kWords>;
};
template <typename Operand, int kRowTiles>
struct ExchangeOf<Operand, PersistentKind::grid, kRowTiles, GridWords::threes> {
  using Type = ThreesExchange<Operand>;
};

}  // namespace rondo
