/// How the blocks of a team tell each other h. All have the same interface:
///
///     kInFlight              whether operands can be asked for before a product waits for them
///     begin()                once, before anything else; a barrier
///     push(rows, value, wanted)  by all lanes of a warp: if wanted, `value` is h in the unit of this thread, of the
///     row
///                            that is `rows` behind the thread's first
///     end_pushes()           when a thread has pushed all of its rows
///     make_room(rows, wanted)  after that, for each row that it has pushed: if kMakesRoom
///     wait(first_row)        until everybody's pushes have come, or until they may be asked for
///     operands(first_row)    the rows of h from there on, for a product; it may have to wait for them
///     order(first_row)       when they have come, before a barrier of the block and the next push
///     given_up()             after the product and a barrier of the block: not 0 if somebody has given up waiting
///     report(flags, step)    by one thread, where given_up() has not been 0 in that step
///     end()                  once, after everything else
///
/// A grid with more rows than a product takes goes through wait, product and push for some of them after the other, and
/// ends its pushes then. What follows holds for the rows of each such pass.
///
/// Between a wait and the next push to the same place lies a barrier of the block, after which nobody reads what has
/// come; and a push of one exchange comes after the wait for the one before. So two places in turn are enough: who
/// pushes exchange e + 2 has received exchange e + 1 from everybody, and who has pushed that has finished with exchange
/// e.
#pragma once

#include "cuda/device/cluster.cuh"
#include "cuda/device/opaque.cuh"
#include "cuda/persistent/kernel/block_stall.cuh"
#include "cuda/persistent/kernel/operand_words.cuh"
#include "cuda/persistent/kernel/shared_operands.cuh"
#include "cuda/persistent/shape/exchange.h"
#include "cuda/persistent/shape/tile_layout.h"

namespace rondo {

/// A team of one block: shared memory and its barrier.
template <typename Operand>
class BlockExchange {
 public:
  static constexpr PersistentKind kKind = PersistentKind::block;
  static constexpr GridWords kWords = GridWords::none;
  static constexpr bool kInFlight = false;
  static constexpr bool kMakesRoom = false;

  __device__ explicit BlockExchange(const ExchangePlace& place) : place_(place) {
    pushes_ = place.unit % kPerWord == 0 && place.unit < place.shape.H;
    const int word = place.row * place.shape.row_stride() + place.unit / kPerWord;
    word_ = device::opaque(static_cast<std::uint32_t>(word) * sizeof(std::uint32_t));
  }

  __device__ void begin() { device::block_barrier(); }

  __device__ void push(int rows, float value, bool wanted) {
    const std::uint32_t word = word_of_lanes<Operand>(value);
    if (!wanted || !pushes_) return;
    auto* first = reinterpret_cast<std::byte*>(place_.operands) + word_;
    *reinterpret_cast<std::uint32_t*>(first + rows * place_.layout.operand_row) = word;
  }

  __device__ void end_pushes() {}
  __device__ void wait(int) { device::block_barrier(); }
  __device__ SharedOperands operands(int) const { return {place_.operands, place_.shape.row_stride()}; }
  __device__ void order(int) const {}
  __device__ std::uint32_t given_up() const { return 0; }
  __device__ void report(std::uint32_t*, std::int32_t) const {}
  __device__ void end() {}

 private:
  static constexpr int kPerWord = OperandTraits<Operand>::kPerWord;

  const ExchangePlace place_;
  std::uint32_t word_ = 0;  ///< where the word of the thread's first row goes, in bytes
  bool pushes_ = false;     ///< whether it has one
};

/// A team that is a cluster: blocks write into each other's shared memory, 16 bytes at a time.
template <typename Operand>
class ClusterExchange {
 public:
  static constexpr PersistentKind kKind = PersistentKind::cluster;
  static constexpr GridWords kWords = GridWords::none;
  static constexpr bool kInFlight = false;
  static constexpr bool kMakesRoom = false;

  __device__ explicit ClusterExchange(const ExchangePlace& place)
      : place_(place),
        barriers_(reinterpret_cast<device::PushBarrier*>(place.barriers)),
        stall_(reinterpret_cast<StallPlace*>(place.barriers + 2 * sizeof(device::PushBarrier))) {
    constexpr int kChunk = kChunkLanes<Operand>;
    const int first_unit = (place.block * place.shape.units() + place.unit) / kChunk * kChunk;
    const bool exists = first_unit < place.shape.H;
    // Opaque: they are made here, and not again in every step.
    first_peer_ = device::opaque(exists ? device::lane() % kChunk : static_cast<unsigned>(place.shape.blocks));
    auto* first = place.operands + place.row * place.shape.row_stride() + first_unit / OperandTraits<Operand>::kPerWord;
    chunk_ = device::opaque(reinterpret_cast<std::byte*>(first));
    bytes_ = static_cast<std::uint32_t>(place.rows * ((place.shape.H + kChunk - 1) / kChunk)) * sizeof(device::Words4);
  }

  __device__ void begin() {
    if (device::thread_index().x == 0) {
      device::init_barrier(&barriers_[0]);
      device::init_barrier(&barriers_[1]);
      stall_.begin(place_.flags, 0);
    }
    device::cluster_barrier();
  }

  /// Lane i of a chunk serves the peers i, i + kChunkLanes, ...
  __device__ void push(int rows, float value, bool wanted) {
    const device::Words4 words = chunk_of_lanes<Operand>(value);
    const auto blocks = static_cast<unsigned>(place_.shape.blocks);
    if (!wanted || first_peer_ >= blocks) return;
    auto* target = reinterpret_cast<device::Words4*>(chunk_ + push_place_ + rows * place_.layout.operand_row);
    for (unsigned peer = first_peer_; peer < blocks; peer += kChunkLanes<Operand>) {
      device::push(target, words, &barriers_[push_parity_], peer);
    }
  }

  __device__ void end_pushes() {
    if (device::thread_index().x == 0) device::expect_bytes(&barriers_[push_parity_], bytes_);
    push_parity_ ^= 1;
    push_place_ = place_.layout.operand_place - push_place_;
  }

  __device__ void wait(int) {
    stall_.wait([&] { return device::try_phase(&barriers_[waited_ % 2], waited_ / 2 % 2); }, waited_, 0);
    ++waited_;
  }
  __device__ SharedOperands operands(int) const {
    const std::int32_t place = waited_ % 2 != 0 ? 0 : place_.layout.operand_place;
    return {place_.operands + place / sizeof(std::uint32_t), place_.shape.row_stride()};
  }
  __device__ void order(int) const {}
  __device__ std::uint32_t given_up() const { return stall_.given_up(); }
  __device__ void report(std::uint32_t* flags, std::int32_t step) const {
    stall_.report(flags, WaitKind::cluster, step);
  }

  /// A block must not end while others write into its memory.
  __device__ void end() { device::cluster_barrier(); }

 private:
  const ExchangePlace place_;
  device::PushBarrier* barriers_;
  const BlockStall stall_;
  unsigned first_peer_ = 0;      ///< that this lane pushes to; `blocks` where there is nothing to push
  std::byte* chunk_ = nullptr;   ///< where that of the thread's first row goes, in the first place
  std::uint32_t bytes_ = 0;      ///< that come with each exchange
  unsigned push_parity_ = 0;     ///< of the next exchange
  std::int32_t push_place_ = 0;  ///< and its place: bytes behind the first one
  unsigned waited_ = 0;
};

}  // namespace rondo
