/// The exchange of a grid whose blocks have words in threes: a packet of 16 bytes holds three words of a row and the
/// number of the exchange, which saves a third of the bytes of packets of one word. Interface and argument are those of
/// block_exchange.cuh.
///
/// A block has 24 or 48 units, and each of its warps has 24 units of some rows, in neighbouring lanes. Packets lie in
/// the order [packet along k][row][lane of a tile], and each lane reads the packets whose words it multiplies, in the
/// order of word_of_threes.
#pragma once

#include "cuda/persistent/kernel/grid_exchange.cuh"

namespace rondo {

/// Rows of h in packets of three words, with the interface of GridOperands.
struct ThreesOperands {
  static constexpr bool kInFlight = true;

  const device::Words4* packets;
  int packets_along_k;  ///< that the team pushes
  int rows;             ///< that other blocks push
  std::uint32_t epoch;  ///< of the exchange that is read
  BlockStall stall;
  bool one_first;  ///< Polls::one_first

  template <int kCount, int kRowTiles>
  struct Asked {
    static_assert(kRowTiles == 1 && kCount % kThreesTiles == 0);
    device::Words4 packets[kCount / kThreesTiles * 2];
  };

  /// Asks for the tiles from `first` on, a multiple of kThreesTiles.
  template <int kCount>
  __device__ void ask(int first, int count, Asked<kCount, 1>& asked) const {
    const device::Words4* source = device::opaque(source_of(first));
    const int row = static_cast<int>(device::lane()) / kTilePairs;
    const int first_packet = first / kThreesTiles * 2;
    RONDO_UNROLL
    for (int packet = 0; packet < kCount / kThreesTiles * 2; ++packet) {
      const bool comes = packet < (2 * count + 2) / 3 && first_packet + packet < packets_along_k && row < rows;
      asked.packets[packet] = {{0, 0, 0, comes ? epoch - 1 : epoch}};
      const bool now = comes && (!one_first || packet == 0);
      if (now) asked.packets[packet] = device::load_three_words(source + packet * kPacketStep);
    }
  }

  template <int kCount>
  __device__ void take(int first, int, Asked<kCount, 1>& asked, Columns<1> (&columns)[kCount]) const {
    const device::Words4* source = source_of(first);
    stall.wait([&] { return poll(device::opaque(source), asked); }, epoch, first);
    device::warp_barrier();
    RONDO_UNROLL
    for (int word = 0; word < 2 * kCount; ++word) {
      columns[word / 2].of[0][word % 2] = asked.packets[word / 3].words[word % 3];
    }
  }

 private:
  static constexpr int kPacketStep = device::kTileColumns * kTilePairs;

  __device__ const device::Words4* source_of(int tile) const {
    return packets + tile / kThreesTiles * 2 * kPacketStep + static_cast<int>(device::lane());
  }

  template <int kCount>
  __device__ bool poll(const device::Words4* source, Asked<kCount, 1>& asked) const {
    bool all_arrived = true;
    bool asks = true;
    RONDO_UNROLL
    for (int packet = 0; packet < kCount / kThreesTiles * 2; ++packet) {
      device::Words4& words = asked.packets[packet];
      const bool arrived = words.words[3] == epoch;
      all_arrived = all_arrived && arrived;
      if (!arrived && asks) words = device::load_three_words(source + packet * kPacketStep);
      if (packet == 0) asks = arrived || !one_first;
    }
    if (!all_arrived) device::pause();
    return all_arrived;
  }
};

template <typename Operand>
class ThreesExchange : public GridTeam<kNumberedPlaces> {
 public:
  static constexpr GridWords kWords = GridWords::threes;
  static constexpr bool kInFlight = true;
  static constexpr bool kMakesRoom = false;

  __device__ explicit ThreesExchange(const ExchangePlace& place) : GridTeam<kNumberedPlaces>(place) {
    constexpr int kPacketUnits = 3 * kPerWord;
    const int packet = (place.block * place.shape.units() + place.unit) / kPacketUnits;
    pushes_ = place.unit % kPacketUnits == 0;
    const int slot = packet / kTilePairs * (device::kTileColumns * kTilePairs) + packet % kTilePairs;
    slot_ = device::opaque(team_offset() + static_cast<std::uint32_t>(slot) * kPacketBytes +
                           static_cast<std::uint32_t>(place.row) * kRowBytes);
  }

  __device__ void push(int rows, float value, bool wanted) {
    const std::uint32_t word = word_of_lanes<Operand>(value);
    const device::Words4 packet{
        {word, device::shuffle_down(word, kPerWord), device::shuffle_down(word, 2 * kPerWord), epoch_}};
    if (!wanted || !pushes_) return;
    const std::uint32_t slot = slot_ + static_cast<std::uint32_t>(rows) * kRowBytes;
    device::store_three_words(reinterpret_cast<device::Words4*>(at(slot + push_place_)), packet);
  }

  __device__ void end_pushes() { next_epoch(); }

  __device__ void wait(int) {
    if (place_.shape.sum_places == 1) device::block_barrier();  // behind it no warp reads the last sums any more
  }
  __device__ void order(int) const {}

  __device__ ThreesOperands operands(int) const {
    const std::uint32_t epoch = epoch_ - 1;
    const int words = place_.shape.blocks * place_.shape.units() / kPerWord;
    return {reinterpret_cast<const device::Words4*>(at(team_offset() + exchange_offset(epoch))),
            words / (3 * kTilePairs),
            place_.rows,
            epoch,
            stall_,
            place_.shape.polls == Polls::one_first};
  }

  /// As GridExchange::end.
  __device__ void end() { leave(epoch_ + 1); }

 private:
  static constexpr int kPerWord = OperandTraits<Operand>::kPerWord;
  static constexpr std::uint32_t kPacketBytes = sizeof(device::Words4);
  static constexpr std::uint32_t kRowBytes = kTilePairs * kPacketBytes;

  std::uint32_t slot_ =
      0;  ///< where this thread writes the packet of its first row, in bytes, without the offset of the exchange
  bool pushes_ = false;  ///< whether this thread writes such packets
};

}  // namespace rondo
