/// The exchange of a team whose blocks are anywhere on the device: words in global memory, which everybody reads until
/// all have come. Interface and argument as in exchange.cuh. Floor 4.
#pragma once

#include <type_traits>

#include "cuda/device/opaque.cuh"
#include "cuda/persistent/kernel/block_stall.cuh"
#include "cuda/persistent/kernel/grid_operands.cuh"
#include "cuda/persistent/kernel/grid_words.cuh"
#include "cuda/persistent/kernel/operand_words.cuh"
#include "cuda/persistent/shape/exchange.h"
#include "cuda/persistent/shape/tile_layout.h"

namespace rondo {

/// What all such exchanges share: the team's memory, and the number of the next exchange in it, the epoch.
template <std::uint32_t kPlaces>
class GridTeam {
 public:
  static constexpr PersistentKind kKind = PersistentKind::grid;

  __device__ explicit GridTeam(const ExchangePlace& place)
      : place_(place), stall_(reinterpret_cast<StallPlace*>(place.barriers)) {}

  /// When a block pushes, all of its threads know the epoch: it may be written then.
  __device__ void begin() {
    if (device::thread_index().x == 0) {
      stall_.begin(place_.flags, device::load_word(&place_.memory.epochs[place_.team]));
    }
    device::block_barrier();
    epoch_ = stall_.first_exchange();
    push_place_ = exchange_offset(epoch_);
  }

  __device__ std::uint32_t given_up() const { return stall_.given_up(); }
  __device__ void report(std::uint32_t* flags, std::int32_t step) const { stall_.report(flags, WaitKind::grid, step); }

 protected:
  __device__ void next_epoch() {
    ++epoch_;
    push_place_ = exchange_offset(epoch_);
  }

  /// By the end of a run: the next one begins with this epoch.
  __device__ void leave(std::uint32_t epoch) const {
    if (place_.block == 0 && device::thread_index().x == 0) {
      device::store_word(&place_.memory.epochs[place_.team], epoch);
    }
  }

  __device__ std::byte* at(std::uint32_t offset) const { return static_cast<std::byte*>(place_.memory.words) + offset; }
  __device__ std::uint32_t team_offset() const {
    return static_cast<std::uint32_t>(place_.team) * kPlaces * place_.layout.exchange_bytes;
  }
  /// Of an exchange among those of its team.
  __device__ std::uint32_t exchange_offset(std::uint32_t epoch) const {
    return epoch % kPlaces * place_.layout.exchange_bytes;
  }

  const ExchangePlace place_;
  const BlockStall stall_;
  std::uint32_t epoch_ = 0;       ///< of the next push
  std::uint32_t push_place_ = 0;  ///< and its exchange_offset
};

template <typename Operand, GridWords kWords>
using WordsOf = std::conditional_t<kWords == GridWords::alone, SentinelWords<kMayHaveAllBits<Operand>>, NumberedWords>;

/// Words one by one.
template <typename Operand, int kRoomTiles, GridWords kWordsValue>
class GridExchange : public GridTeam<WordsOf<Operand, kWordsValue>::kPlaces> {
 public:
  static constexpr GridWords kWords = kWordsValue;
  static constexpr bool kInFlight = !std::is_same_v<Operand, float>;
  static constexpr bool kMakesRoom = WordsOf<Operand, kWords>::kMakesRoom;

  __device__ explicit GridExchange(const ExchangePlace& place) : Team(place) {
    const int unit = place.block * place.shape.units() + place.unit;
    const int word = unit / kPerWord;
    const int tile = word / device::kTileWords;
    pushes_ = place.unit % kPerWord == 0 && tile < place.shape.k_tiles;
    const int pair = tile * kRoomRows * kTilePairs + word % kTilePairs;
    const auto slot = static_cast<std::uint32_t>(2 * pair + word % device::kTileWords / kTilePairs);
    slot_ = team_offset() + slot * kSlotBytes + static_cast<std::uint32_t>(place.row) * kRowBytes;
    // Opaque: it is made here, and not again in every step. With several passes registers are scarcer than
    // instructions.
    if constexpr (kRoomTiles <= 2) slot_ = device::opaque(slot_);
  }

  __device__ void push(int rows, float value, bool wanted) {
    const std::uint32_t word = word_of_lanes<Operand>(value);
    if (wanted && pushes_) store(slot_ + static_cast<std::uint32_t>(rows) * kRowBytes, word);
  }

  __device__ void end_pushes() {
    const bool missing_octet = kPerWord == 2 && place_.layout.missing_octet;
    if (missing_octet) for_missing_octet([&](std::uint32_t slot) { store(slot, 0); });
    this->next_epoch();
    if constexpr (kMakesRoom) {
      if (missing_octet) for_missing_octet([&](std::uint32_t slot) { empty(slot); });
    }
  }

  /// In the place of the exchange after the next one. It is no part of a push, whose way to the others it would
  /// lengthen.
  __device__ void make_room(int rows, bool wanted) const {
    if (wanted && pushes_) empty(slot_ + static_cast<std::uint32_t>(rows) * kRowBytes);
  }

  /// For the rows from `first_row` on, that a product is made for at once.
  __device__ void wait(int first_row) {
    if constexpr (kStrict) {
      bring_to_shared_memory(first_row);
      device::block_barrier();
    } else if (place_.shape.sum_places == 1) {
      device::block_barrier();  // nobody reads the last sums any more
    }
  }

  /// After the words for `first_row` have come, and before the next push: the room that this thread has made is there
  /// before what it pushes next. Its writes are so old by now that the fence waits for none of them.
  __device__ void order(int first_row) const {
    if (kMakesRoom && first_row == 0) device::order_writes();
  }

  __device__ auto operands(int first_row) const {
    if constexpr (kStrict) {
      return SharedOperands{place_.operands, place_.shape.row_stride()};
    } else {
      return come(first_row);
    }
  }

  /// The next run begins with epochs that nobody has used: a team that has given up may be one exchange ahead here and
  /// there. Others have read theirs before their pushes, which this block has seen; where there were none, it does not
  /// matter what they read. Plain words go on where they have stopped.
  __device__ void end() { this->leave(epoch_ + (kMakesRoom ? 0 : 1)); }

 private:
  using Words = WordsOf<Operand, kWordsValue>;
  using Team = GridTeam<Words::kPlaces>;
  using Pair = typename Words::Pair;
  using Slot = typename Words::Slot;

  /// Without tensor cores, all lanes need all words.
  static constexpr bool kStrict = std::is_same_v<Operand, float>;
  static constexpr int kTogether = 4;
  static constexpr auto kSlotBytes = static_cast<std::uint32_t>(sizeof(Slot));
  static constexpr std::uint32_t kRowBytes = 2 * kTilePairs * kSlotBytes;
  static constexpr int kRoomRows = kRoomTiles * device::kTileColumns;
  static constexpr int kPerWord = OperandTraits<Operand>::kPerWord;

  using Team::at;
  using Team::epoch_;
  using Team::exchange_offset;
  using Team::place_;
  using Team::push_place_;
  using Team::stall_;
  using Team::team_offset;

  /// A word goes to a slot, given in bytes but for the exchange.
  __device__ void store(std::uint32_t slot, std::uint32_t word) const {
    // Found by compiling: two passes have no register for the place, on compute capability 8.0.
    const std::uint32_t place = kRoomTiles == 4 ? exchange_offset(epoch_) : push_place_;
    Words::store(reinterpret_cast<Slot*>(at(slot + place)), word, epoch_);
  }
  /// Of the exchange after the next one, when the pushes have ended.
  __device__ void empty(std::uint32_t slot) const {
    Words::make_room(reinterpret_cast<Slot*>(at(slot + exchange_offset(epoch_ + 1))));
  }

  /// The slots of the other half of the last tile, of units that no block has: each thread of the last block takes a
  /// pair.
  template <typename Function>
  __device__ void for_missing_octet(const Function& function) const {
    const int thread = static_cast<int>(device::thread_index().x);
    if (place_.block + 1 < place_.shape.blocks) return;
    RONDO_KEEP_LOOP
    for (int pair = thread; pair < place_.rows * kTilePairs; pair += place_.shape.threads()) {
      const int all_pairs = (place_.shape.k_tiles - 1) * kRoomRows * kTilePairs + pair;
      function(team_offset() + static_cast<std::uint32_t>(2 * all_pairs + 1) * kSlotBytes);
    }
  }

  /// What the team has pushed last.
  __device__ GridOperands<Words, kRoomRows> come(int first_row) const {
    const std::uint32_t epoch = epoch_ - 1;
    const auto* pairs = reinterpret_cast<const Pair*>(at(team_offset() + exchange_offset(epoch)));
    return {pairs + first_row * kTilePairs, place_.rows - first_row, epoch, stall_,
            place_.shape.polls == Polls::one_first};
  }

  /// Warps take kTogether tiles of 8 rows in turn, as if to multiply them.
  __device__ void bring_to_shared_memory(int first_row) const {
    const PersistentShape& shape = place_.shape;
    const int lane = static_cast<int>(device::lane());
    const int warp = static_cast<int>(device::thread_index().x) / device::kWarpLanes;
    const GridOperands<Words, kRoomRows> operands = come(first_row);
    std::uint32_t* target = place_.operands + lane / kTilePairs * shape.row_stride() + lane % kTilePairs;
    for (int tile = warp * kTogether; tile < shape.k_tiles; tile += shape.warps() * kTogether) {
      typename GridOperands<Words, kRoomRows>::template Asked<kTogether, 1> asked;
      Columns<1> columns[kTogether];
      operands.ask(tile, shape.k_tiles - tile, asked);
      operands.take(tile, shape.k_tiles - tile, asked, columns);
      RONDO_UNROLL
      for (int i = 0; i < kTogether; ++i) {
        if (tile + i >= shape.k_tiles) continue;
        target[(tile + i) * device::kTileWords] = columns[i].of[0][0];
        target[(tile + i) * device::kTileWords + kTilePairs] = columns[i].of[0][1];
      }
    }
  }

  std::uint32_t slot_ = 0;  ///< where the word of this thread's first row goes, in bytes, but for the exchange
  bool pushes_ = false;     ///< whether it has one
};

}  // namespace rondo
