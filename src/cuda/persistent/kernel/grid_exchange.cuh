/// The exchange of a team whose blocks are anywhere on the device: words in global memory, which every block reads
/// until all have arrived. Interface and argument are those of block_exchange.cuh.
#pragma once

#include <type_traits>

#include "cuda/device/opaque.cuh"
#include "cuda/persistent/kernel/block_stall.cuh"
#include "cuda/persistent/kernel/grid_operands.cuh"
#include "cuda/persistent/kernel/grid_words.cuh"
#include "cuda/persistent/kernel/operand_words.cuh"
#include "cuda/persistent/shape/exchange.h"

namespace rondo {

/// What the exchanges of grids share: the team's memory, and the epoch, which is the number of the next exchange in
/// that memory.
template <std::uint32_t kPlaces>
class GridTeam {
 public:
  static constexpr PersistentKind kKind = PersistentKind::grid;

  __device__ explicit GridTeam(const ExchangePlace& place)
      : place_(place), stall_(reinterpret_cast<StallPlace*>(place.barriers)) {}

  /// Reads the epoch. When a block pushes, all of its threads have read the epoch, so that `leave` may write it.
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

  /// Called at the end of a run. The next run begins with this epoch.
  __device__ void leave(std::uint32_t epoch) const {
    if (place_.block == 0 && device::thread_index().x == 0) {
      device::store_word(&place_.memory.epochs[place_.team], epoch);
    }
  }

  __device__ std::byte* at(std::uint32_t offset) const { return static_cast<std::byte*>(place_.memory.words) + offset; }
  __device__ std::uint32_t team_offset() const {
    return static_cast<std::uint32_t>(place_.team) * kPlaces * place_.layout.exchange_bytes;
  }
  /// From the team's first exchange place to that of an epoch, in bytes.
  __device__ std::uint32_t exchange_offset(std::uint32_t epoch) const {
    return epoch % kPlaces * place_.layout.exchange_bytes;
  }

  const ExchangePlace place_;
  const BlockStall stall_;
  std::uint32_t epoch_ = 0;       ///< the number of the next push
  std::uint32_t push_place_ = 0;  ///< exchange_offset(epoch_)
};

template <typename Operand, GridWords kWords>
using WordsOf = std::conditional_t<kWords == GridWords::alone, SentinelWords<kMayHaveAllBits<Operand>>, NumberedWords>;

/// Pushes and reads the words of h one by one.
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
    pushes_ = place.unit % kPerWord == 0 && tile < place.layout.pushed_tiles;
    const int pair = tile * kRoomRows * kTilePairs + word % kTilePairs;
    const auto slot = static_cast<std::uint32_t>(2 * pair + word % device::kTileWords / kTilePairs);
    slot_ = team_offset() + slot * kSlotBytes + static_cast<std::uint32_t>(place.row) * kRowBytes;
    // Opaque, so that the compiler computes the slot here and not again in every step. With several passes registers
    // are scarcer than instructions.
    if constexpr (kRoomTiles <= 2) slot_ = device::opaque(slot_);
  }

  template <int kGate = 0>
  __device__ void push(int rows, float value, bool wanted) {
    const std::uint32_t word = word_of_lanes<Operand>(value);
    if (wanted && pushes_) store(slot_of<kGate>(rows), word);
  }

  template <int kGates = 1>
  __device__ void end_pushes() {
    const bool missing_octet = kPerWord == 2 && place_.layout.missing_octet;
    if (missing_octet) for_missing_octet([&](std::uint32_t slot) { store(slot, 0); });
    this->next_epoch();
    if constexpr (kMakesRoom) {
      if (missing_octet) for_missing_octet([&](std::uint32_t slot) { empty(slot); });
    }
  }

  /// Makes room in the place of the exchange after the next one. The push does not do so itself, because its words
  /// would then reach the other blocks later.
  template <int kGate = 0>
  __device__ void make_room(int rows, bool wanted) const {
    if (wanted && pushes_) empty(slot_of<kGate>(rows));
  }

  /// Waits for the rows of one product, from `first_row` on.
  template <int kTerms = 1>
  __device__ void wait(int first_row) {
    if constexpr (kStrict) {
      bring_to_shared_memory(first_row, kTerms * place_.shape.k_tiles);
      device::block_barrier();
    } else if (place_.shape.sum_places == 1) {
      device::block_barrier();  // behind it no warp reads the last sums any more
    }
  }

  /// Called after the words for `first_row` have arrived, and before the next push: other blocks see the room that this
  /// thread has made before its next push. The writes of that room are old by now, so that the fence does not wait.
  __device__ void order(int first_row) const {
    if (kMakesRoom && first_row == 0) device::order_writes();
  }

  __device__ auto operands(int first_row) const {
    if constexpr (kStrict) {
      return SharedOperands{place_.operands, place_.shape.row_stride()};
    } else {
      return last_pushed(first_row);
    }
  }

  /// Numbered words begin the next run with an epoch that no block has used: in a team that has given up, some blocks
  /// may be one exchange ahead of others. Words alone continue with the epoch at which they have stopped. Other blocks
  /// have read this run's epoch before their pushes, which this block has seen. In a run without pushes it does not
  /// matter which epoch they read.
  __device__ void end() { this->leave(epoch_ + (kMakesRoom ? 0 : 1)); }

 private:
  using Words = WordsOf<Operand, kWordsValue>;
  using Team = GridTeam<Words::kPlaces>;
  using Pair = typename Words::Pair;
  using Slot = typename Words::Slot;

  /// Whether products run without tensor cores, where all lanes need all words.
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

  /// The slot of the thread's word of a gate, in the row that is `rows` behind its first.
  template <int kGate>
  __device__ std::uint32_t slot_of(int rows) const {
    const std::uint32_t slot = slot_ + static_cast<std::uint32_t>(rows) * kRowBytes;
    if constexpr (kGate == 0) return slot;
    const auto of_gate = static_cast<std::uint32_t>(kGate * place_.layout.pushed_tiles);
    return slot + of_gate * (kRoomRows * kRowBytes);
  }

  /// Writes a word to a slot of the current exchange. `slot` is in bytes, without the offset of the exchange.
  __device__ void store(std::uint32_t slot, std::uint32_t word) const {
    // Found by compiling: on compute capability 8.0, a kernel of two passes has no register for push_place_.
    const std::uint32_t place = kRoomTiles == 4 ? exchange_offset(epoch_) : push_place_;
    Words::store(reinterpret_cast<Slot*>(at(slot + place)), word, epoch_);
  }
  /// Empties a slot of the exchange after the next one, when the pushes have ended.
  __device__ void empty(std::uint32_t slot) const {
    Words::make_room(reinterpret_cast<Slot*>(at(slot + exchange_offset(epoch_ + 1))));
  }

  /// Calls function(slot) for the second half of the last tile, whose units no block has. Each thread of the last block
  /// takes some of the pairs.
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

  /// The words that the team has pushed last.
  __device__ GridOperands<Words, kRoomRows> last_pushed(int first_row) const {
    const std::uint32_t epoch = epoch_ - 1;
    const auto* pairs = reinterpret_cast<const Pair*>(at(team_offset() + exchange_offset(epoch)));
    return {pairs + first_row * kTilePairs, place_.rows - first_row, epoch, stall_,
            place_.shape.polls == Polls::one_first};
  }

  /// Each warp takes kTogether tiles of 8 rows at a time, as a product would take them.
  __device__ void bring_to_shared_memory(int first_row, int tiles) const {
    const PersistentShape& shape = place_.shape;
    const int lane = static_cast<int>(device::lane());
    const int warp = static_cast<int>(device::thread_index().x) / device::kWarpLanes;
    const GridOperands<Words, kRoomRows> operands = last_pushed(first_row);
    std::uint32_t* target = place_.operands + lane / kTilePairs * shape.row_stride() + lane % kTilePairs;
    for (int tile = warp * kTogether; tile < tiles; tile += shape.warps() * kTogether) {
      typename GridOperands<Words, kRoomRows>::template Asked<kTogether, 1> asked;
      Columns<1> columns[kTogether];
      operands.ask(tile, tiles - tile, asked);
      operands.take(tile, tiles - tile, asked, columns);
      RONDO_UNROLL
      for (int i = 0; i < kTogether; ++i) {
        if (tile + i >= tiles) continue;
        target[(tile + i) * device::kTileWords] = columns[i].of[0][0];
        target[(tile + i) * device::kTileWords + kTilePairs] = columns[i].of[0][1];
      }
    }
  }

  std::uint32_t slot_ =
      0;  ///< where this thread writes the word of its first row, in bytes, without the offset of the exchange
  bool pushes_ = false;  ///< whether this thread writes such words
};

}  // namespace rondo
