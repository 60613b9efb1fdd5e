/// The exchange of a team that is a cluster: blocks write into each other's shared memory, 16 bytes at a time.
/// Interface and argument are those of block_exchange.cuh.
#pragma once

#include "cuda/device/opaque.cuh"
#include "cuda/persistent/kernel/cluster_phases.cuh"
#include "cuda/persistent/kernel/operand_words.cuh"
#include "cuda/persistent/kernel/shared_operands.cuh"
#include "cuda/persistent/shape/exchange.h"

namespace rondo {

template <typename Operand>
class ClusterExchange {
 public:
  static constexpr PersistentKind kKind = PersistentKind::cluster;
  static constexpr GridWords kWords = GridWords::none;
  static constexpr bool kInFlight = false;
  static constexpr bool kMakesRoom = false;

  __device__ explicit ClusterExchange(const ExchangePlace& place)
      : place_(place), phases_(place.barriers, place.flags) {
    constexpr int kChunk = kChunkLanes<Operand>;
    const int first_unit = (place.block * place.shape.units() + place.unit) / kChunk * kChunk;
    const bool exists = first_unit < place.shape.H;
    // Opaque, so that the compiler computes both here and not again in every step.
    first_peer_ = device::opaque(exists ? device::lane() % kChunk : static_cast<unsigned>(place.shape.blocks));
    auto* first = place.operands + place.row * place.shape.row_stride() + first_unit / OperandTraits<Operand>::kPerWord;
    chunk_ = device::opaque(reinterpret_cast<std::byte*>(first));
    const std::int32_t chunks = (place.shape.H + kChunk - 1) / kChunk;
    bytes_ = static_cast<std::uint32_t>(place.rows * chunks) * sizeof(device::Words4);
  }

  __device__ void begin() { phases_.begin(); }

  /// Lane i of a chunk pushes to the peers i, i + kChunkLanes, ...
  template <int kGate = 0>
  __device__ void push(int rows, float value, bool wanted) {
    const device::Words4 words = chunk_of_lanes<Operand>(value);
    const auto blocks = static_cast<unsigned>(place_.shape.blocks);
    if (!wanted || first_peer_ >= blocks) return;
    auto* target = reinterpret_cast<device::Words4*>(chunk_ + push_place_ + rows * place_.layout.operand_row +
                                                     gate_bytes<kGate>(place_.layout));
    for (unsigned peer = first_peer_; peer < blocks; peer += kChunkLanes<Operand>) {
      device::push(target, words, phases_.pushed(), peer);
    }
  }

  template <int kGates = 1>
  __device__ void end_pushes() {
    phases_.end_pushes(kGates * bytes_);
    push_place_ = place_.layout.operand_place - push_place_;
  }

  template <int kTerms = 1>
  __device__ void wait(int) {
    phases_.wait();
  }
  __device__ SharedOperands operands(int) const {
    const std::int32_t place = phases_.in_second() ? place_.layout.operand_place : 0;
    return {place_.operands + place / sizeof(std::uint32_t), place_.shape.row_stride()};
  }
  __device__ void order(int) const {}
  __device__ std::uint32_t given_up() const { return phases_.given_up(); }
  __device__ void report(std::uint32_t* flags, std::int32_t step) const { phases_.report(flags, step); }
  __device__ void end() const { phases_.end(); }

 private:
  const ExchangePlace place_;
  ClusterPhases phases_;
  unsigned first_peer_ = 0;      ///< the first that this lane pushes to; `blocks` where the lane pushes nothing
  std::byte* chunk_ = nullptr;   ///< where the chunk of the thread's first row is written, in the first place
  std::uint32_t bytes_ = 0;      ///< of a gate, or of h, that arrive with each exchange
  std::int32_t push_place_ = 0;  ///< where the next exchange is written, in bytes behind the first place
};

}  // namespace rondo
