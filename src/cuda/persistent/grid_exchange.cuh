/// The exchange of a team whose blocks are anywhere on the device: packets in global memory, each with the epoch it
/// belongs to, which everybody reads until all have come. Interface and argument as in exchange.cuh. Floor 4.
///
/// Nobody waits for ever: where packets do not come, as when not all blocks run at once, wait() returns false.
#pragma once

#include "cuda/device/packet.cuh"
#include "cuda/device/unroll.cuh"
#include "cuda/persistent/exchange.h"
#include "cuda/persistent/operand_words.cuh"

namespace rondo {

template <typename Operand>
class GridExchange {
 public:
  static constexpr PersistentKind kKind = PersistentKind::grid;
  static constexpr int kFewestKWarps = 4;

  __device__ explicit GridExchange(const ExchangePlace& place)
      : place_(place),
        given_up_(reinterpret_cast<volatile bool*>(place.barriers)),
        row_pairs_(row_pairs(place.shape, kPerWord)),
        epoch_(place.memory.epochs[place.team]) {
    const int thread = static_cast<int>(device::thread_index().x);
    first_ = {thread / row_pairs_, thread % row_pairs_};
    stride_ = {place.shape.threads() / row_pairs_, place.shape.threads() % row_pairs_};
  }

  __device__ void begin() {
    if (device::thread_index().x == 0) *given_up_ = false;
    device::block_barrier();
  }

  __device__ void push(int row, float value, bool wanted) {
    const std::uint32_t word = word_of_lanes<Operand>(value);
    const std::uint32_t second = device::shuffle(word, device::lane() / kPairLanes * kPairLanes + kPerWord);
    const int unit = place_.block * place_.shape.units() + place_.unit;
    if (!wanted || unit % kPairLanes != 0 || unit >= place_.shape.H) return;
    device::store_packets(pairs(epoch_) + row * row_pairs_ + unit / kPairLanes, {{{word, epoch_}, {second, epoch_}}});
  }

  __device__ void end_pushes() { ++epoch_; }

  __device__ bool wait() {
    Position at = first_;
    while (at.row < place_.rows) read(at);
    device::block_barrier();
    return !*given_up_;
  }

  __device__ const std::uint32_t* operand() const { return place_.operands; }

  /// The next run begins with epochs that nobody has used: a team that has given up may be one exchange ahead here and
  /// there.
  __device__ void end() {
    if (place_.block == 0 && device::thread_index().x == 0) place_.memory.epochs[place_.team] = epoch_ + 1;
  }

 private:
  static constexpr int kPerWord = Numbers<Operand>::kPerWord;
  static constexpr unsigned kPairLanes = 2 * kPerWord;
  /// Reads on their way at once.
  static constexpr int kTogether = 8;

  /// A pair of packets in a row.
  struct Position {
    int row = 0;
    int pair = 0;
  };

  /// `threads` pairs further, in the order of rows.
  __device__ Position next(Position at) const {
    at.row += stride_.row;
    at.pair += stride_.pair;
    if (at.pair >= row_pairs_) {
      at.pair -= row_pairs_;
      ++at.row;
    }
    return at;
  }

  __device__ device::PacketPair* pairs(std::uint32_t epoch) const {
    const std::int64_t place = place_.team * 2 + static_cast<std::int64_t>(epoch % 2);
    return place_.memory.packets + place * place_.shape.padded_rows() * row_pairs_;
  }

  /// The next kTogether pairs of this thread, from global to shared memory; moves `at` on.
  __device__ void read(Position& at) {
    const std::uint32_t epoch = epoch_ - 1;
    const device::PacketPair* source = pairs(epoch) + at.row * row_pairs_ + at.pair;
    const int threads = place_.shape.threads();
    const int left = place_.rows * row_pairs_ - (at.row * row_pairs_ + at.pair);
    device::PacketPair packets[kTogether] = {};
    bool come = false;
    for (int polls = 0; !come && polls < device::kMostPolls; ++polls) {
      RONDO_UNROLL
      for (int i = 0; i < kTogether; ++i) {
        if (i * threads < left) packets[i] = device::load_packets(source + i * threads);
      }
      come = true;
      RONDO_UNROLL
      for (int i = 0; i < kTogether; ++i) {
        if (i * threads >= left) continue;
        come = come && packets[i].packets[0].epoch == epoch && packets[i].packets[1].epoch == epoch;
      }
      if (!come) device::pause();
    }
    if (!come) *given_up_ = true;
    RONDO_UNROLL
    for (int i = 0; i < kTogether; ++i) {
      if (i * threads < left) {
        std::uint32_t* target = place_.operands + at.row * place_.shape.row_stride() + at.pair * 2;
        target[0] = packets[i].packets[0].word;
        target[1] = packets[i].packets[1].word;
      }
      at = next(at);
    }
  }

  const ExchangePlace place_;
  volatile bool* given_up_;  ///< shared by the block
  const int row_pairs_;
  std::uint32_t epoch_;  ///< of the next push
  Position first_ = {};
  Position stride_ = {};
};

}  // namespace rondo
