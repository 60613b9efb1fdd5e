/// The exchange of a team whose blocks are anywhere on the device: words in global memory, which everybody reads until
/// all have come. Interface and argument as in exchange.cuh. Floor 4.
#pragma once

#include <type_traits>

#include "cuda/persistent/block_stall.cuh"
#include "cuda/persistent/exchange.h"
#include "cuda/persistent/grid_operands.cuh"
#include "cuda/persistent/grid_words.cuh"
#include "cuda/persistent/operand_words.cuh"
#include "cuda/persistent/tile_layout.h"

namespace rondo {

template <typename Operand, int kRoomTiles>
class GridExchange {
 public:
  static constexpr PersistentKind kKind = PersistentKind::grid;

  __device__ explicit GridExchange(const ExchangePlace& place)
      : place_(place),
        stall_(reinterpret_cast<StallPlace*>(place.barriers)),
        first_epoch_(reinterpret_cast<std::uint32_t*>(place.barriers + sizeof(StallPlace))) {
    const int octet = (place.block * place.shape.units() + place.unit) / kOctetUnits;
    const int octets = place.shape.blocks * place.shape.units() / kOctetUnits;
    alone_ = Numbers<Operand>::kPerWord == 2 && octets % 2 == 1 && octet == octets - 1;
  }

  /// When a block pushes, all of its threads know the epoch: it may be written then.
  __device__ void begin() {
    if (device::thread_index().x == 0) {
      stall_.begin(place_.flags);
      *first_epoch_ = device::load_word(&place_.memory.epochs[place_.team]);
    }
    device::block_barrier();
    epoch_ = *first_epoch_;
  }

  __device__ void push(int row, float value, bool wanted) {
    constexpr int kPerWord = Numbers<Operand>::kPerWord;
    const std::uint32_t word = word_of_lanes<Operand>(value);
    const int k = (place_.block * place_.shape.units() + place_.unit) / kPerWord;
    const int tile = k / device::kTileWords;
    if (!wanted || place_.unit % kPerWord != 0 || tile >= place_.shape.k_tiles) return;
    const int pair = (tile * place_.shape.padded_rows() + row) * kTilePairs + k % kTilePairs;
    store(pair, k % device::kTileWords / kTilePairs, word);
    // The other half of the last tile, of units that no block has.
    if (alone_) store(pair, 1, 0);
  }

  __device__ void end_pushes() { ++epoch_; }

  /// For the rows from `first_row` on, that a product is made for at once.
  __device__ void wait(int first_row) {
    if (Words::kMakesRoom && first_row == 0) device::order_writes();
    if constexpr (kStrict) {
      bring_to_shared_memory(first_row);
      device::block_barrier();
    } else if (place_.shape.sum_places == 1) {
      device::block_barrier();  // nobody reads the last sums any more
    }
  }

  __device__ auto operands(int first_row) const {
    if constexpr (kStrict) {
      return SharedOperands{place_.operands, place_.shape.row_stride()};
    } else {
      return come(first_row);
    }
  }

  __device__ bool all_came() const { return !stall_.given_up(); }
  __device__ void report(std::uint32_t* flags, std::int32_t step) const { stall_.report(flags, WaitKind::grid, step); }

  /// The next run begins with epochs that nobody has used: a team that has given up may be one exchange ahead here and
  /// there. Others have read theirs before their pushes, which this block has seen; where there were none, it does not
  /// matter what they read. Plain words go on where they have stopped.
  __device__ void end() {
    if (place_.block == 0 && device::thread_index().x == 0) {
      device::store_word(&place_.memory.epochs[place_.team], epoch_ + (Words::kMakesRoom ? 0 : 1));
    }
  }

 private:
  using Words = std::conditional_t<numbered_words(kRoomTiles), NumberedWords, PlainWords>;
  using Pair = typename Words::Pair;

  /// Without tensor cores, all lanes need all words.
  static constexpr bool kStrict = std::is_same_v<Operand, float>;
  static constexpr int kTogether = 4;

  __device__ Pair* pairs(std::uint32_t epoch) const {
    const std::int64_t place = place_.team * Words::kPlaces + static_cast<std::int64_t>(epoch % Words::kPlaces);
    return static_cast<Pair*>(place_.memory.words) + place * exchange_pairs(place_.shape);
  }

  __device__ void store(int pair, int half, std::uint32_t word) const {
    Words::store(pairs(epoch_) + pair, half, word, epoch_);
    if constexpr (Words::kMakesRoom) Words::make_room(pairs(epoch_ + 2) + pair, half);
  }

  /// What the team has pushed last.
  __device__ GridOperands<Words> come(int first_row) const {
    const std::uint32_t epoch = epoch_ - 1;
    return {pairs(epoch) + first_row * kTilePairs,
            place_.shape.padded_rows(),
            place_.rows - first_row,
            epoch,
            epoch - *first_epoch_,
            stall_};
  }

  /// Warps take kTogether tiles of 8 rows in turn, as if to multiply them.
  __device__ void bring_to_shared_memory(int first_row) const {
    const PersistentShape& shape = place_.shape;
    const int lane = static_cast<int>(device::lane());
    const int warp = static_cast<int>(device::thread_index().x) / device::kWarpLanes;
    const GridOperands<Words> operands = come(first_row);
    std::uint32_t* target = place_.operands + lane / kTilePairs * shape.row_stride() + lane % kTilePairs;
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

  const ExchangePlace place_;
  const BlockStall stall_;
  std::uint32_t* first_epoch_;  ///< shared by the block
  std::uint32_t epoch_ = 0;     ///< of the next push
  bool alone_ = false;          ///< the other half of this thread's tile has no units
};

}  // namespace rondo
