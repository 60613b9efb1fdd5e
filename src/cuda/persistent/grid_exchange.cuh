/// The exchange of a team whose blocks are anywhere on the device: packets in global memory, each with the epoch it
/// belongs to, which everybody reads until all have come. Interface and argument as in exchange.cuh. Floor 4.
///
/// Nobody waits for ever: where packets do not come, as when not all blocks run at once, all_came() is false.
#pragma once

#include "cuda/device/atomic.cuh"
#include "cuda/persistent/exchange.h"
#include "cuda/persistent/operand_words.cuh"
#include "cuda/persistent/packet_operands.cuh"

namespace rondo {

template <typename Operand>
class GridExchange {
 public:
  static constexpr PersistentKind kKind = PersistentKind::grid;

  __device__ explicit GridExchange(const ExchangePlace& place)
      : place_(place),
        given_up_(reinterpret_cast<volatile bool*>(place.barriers)),
        first_epoch_(reinterpret_cast<std::uint32_t*>(place.barriers) + 1) {}

  /// When a block pushes, all of its threads know the epoch: it may be written then.
  __device__ void begin() {
    if (device::thread_index().x == 0) {
      *given_up_ = false;
      *first_epoch_ = device::load_word(&place_.memory.epochs[place_.team]);
    }
    device::block_barrier();
    epoch_ = *first_epoch_;
  }

  /// The lane with word w of a tile stores word w + 4 beside it.
  __device__ void push(int row, float value, bool wanted) {
    constexpr unsigned kHalfLanes = kTilePairs * Numbers<Operand>::kPerWord;
    const std::uint32_t word = word_of_lanes<Operand>(value);
    const std::uint32_t second = device::shuffle(word, (device::lane() + kHalfLanes) % device::kWarpLanes);
    const int k = (place_.block * place_.shape.units() + place_.unit) / Numbers<Operand>::kPerWord;
    const int tile = k / device::kTileWords;
    const bool first_lane = device::lane() % Numbers<Operand>::kPerWord == 0 && k % device::kTileWords < kTilePairs;
    if (!wanted || !first_lane || tile >= place_.shape.k_tiles) return;
    device::store_packets(packets(epoch_) + (tile * place_.shape.padded_rows() + row) * kTilePairs + k % kTilePairs,
                          {{{word, epoch_}, {second, epoch_}}});
  }

  __device__ void end_pushes() { ++epoch_; }

  __device__ void wait() {
    if constexpr (kStrict) {
      bring_to_shared_memory();
      device::block_barrier();
    }
  }

  __device__ auto operands() const {
    if constexpr (kStrict) {
      return SharedOperands{place_.operands, place_.shape.row_stride()};
    } else {
      return come();
    }
  }

  __device__ bool all_came() const { return !*given_up_; }

  /// The next run begins with epochs that nobody has used: a team that has given up may be one exchange ahead here and
  /// there. Others have read theirs before their pushes, which this block has seen; where there were none, it does not
  /// matter what they read.
  __device__ void end() {
    if (place_.block == 0 && device::thread_index().x == 0) {
      device::store_word(&place_.memory.epochs[place_.team], epoch_ + 1);
    }
  }

 private:
  /// Without tensor cores, all lanes need all words.
  static constexpr bool kStrict = std::is_same_v<Operand, float>;
  static constexpr int kTogether = 4;

  __device__ device::PacketPair* packets(std::uint32_t epoch) const {
    const std::int64_t place = place_.team * 2 + static_cast<std::int64_t>(epoch % 2);
    return place_.memory.packets + place * exchange_pairs(place_.shape);
  }

  /// What the team has pushed last.
  __device__ PacketOperands come() const {
    const std::uint32_t epoch = epoch_ - 1;
    return {packets(epoch), place_.shape.padded_rows(), place_.rows, epoch, given_up_};
  }

  /// Warps take kTogether tiles of 8 rows in turn, as if to multiply them.
  __device__ void bring_to_shared_memory() const {
    const PersistentShape& shape = place_.shape;
    const int lane = static_cast<int>(device::lane());
    const int warp = static_cast<int>(device::thread_index().x) / device::kWarpLanes;
    for (int rows = 0; rows < place_.rows; rows += device::kTileColumns) {
      PacketOperands operands = come();
      operands.packets += rows * kTilePairs;
      operands.rows -= rows;
      std::uint32_t* target = place_.operands + (rows + lane / kTilePairs) * shape.row_stride() + lane % kTilePairs;
      for (int tile = warp * kTogether; tile < shape.k_tiles; tile += shape.warps() * kTogether) {
        Columns<1> columns[kTogether];
        operands.load(tile, shape.k_tiles - tile, columns);
        RONDO_UNROLL
        for (int i = 0; i < kTogether; ++i) {
          if (tile + i >= shape.k_tiles) continue;
          target[(tile + i) * device::kTileWords] = columns[i].of[0][0];
          target[(tile + i) * device::kTileWords + kTilePairs] = columns[i].of[0][1];
        }
      }
    }
  }

  const ExchangePlace place_;
  volatile bool* given_up_;     ///< shared by the block
  std::uint32_t* first_epoch_;  ///< shared by the block
  std::uint32_t epoch_ = 0;     ///< of the next push
};

}  // namespace rondo
