/// How a pair of words of h is written to and read from global memory, so that a reader sees whether the pair has
/// arrived.
///
/// NumberedWords and SentinelWords have one interface. kPlaces is the number of places that exchanges use one after the
/// other. `absent` is the pair that a reader holds where no pair will arrive, and `missing` is the pair that it holds
/// before it has asked. have_come tells from the Arrival of a pair whether the pair has arrived, and from all_arrivals
/// of several pairs, which begins with kOfNone, whether all have.
#pragma once

#include "cuda/device/atomic.cuh"
#include "cuda/device/packet.cuh"
#include "cuda/persistent/shape/persistent_shape.h"

namespace rondo {

/// Each word is stored together with the epoch of its exchange.
struct NumberedWords {
  using Pair = device::PacketPair;
  using Slot = device::Packet;  ///< one half of a pair
  static constexpr std::uint32_t kPlaces = kNumberedPlaces;
  static constexpr bool kMakesRoom = false;

  __device__ static Pair load(const Pair* source) { return device::load_packets(source); }
  __device__ static void store(Slot* slot, std::uint32_t word, std::uint32_t epoch) {
    device::store_packet(slot, {word, epoch});
  }

  __device__ static Pair absent(std::uint32_t epoch) { return {{{0, epoch}, {0, epoch}}}; }
  __device__ static Pair missing(std::uint32_t epoch) { return {{{0, epoch - 1}, {0, epoch - 1}}}; }
  using Arrival = bool;
  static constexpr Arrival kOfNone = true;
  __device__ static bool arrival(const Pair& pair, std::uint32_t epoch) {
    return pair.packets[0].epoch == epoch && pair.packets[1].epoch == epoch;
  }
  __device__ static bool all_arrivals(bool a, bool b) { return a && b; }
  __device__ static bool have_come(bool arrival) { return arrival; }
  __device__ static std::uint32_t word(const Pair& pair, int half) { return pair.packets[half].word; }
};

/// Each word is stored alone. A place that waits for a word holds kMissing, a NaN; a word with the bits of kMissing is
/// stored as another NaN. A thread that stores its word of exchange e makes room for its word of exchange e + 2, in the
/// place of exchange e - 2, which all blocks have read. A fence orders that room before the thread's word of exchange
/// e + 1. A block that looks for exchange e + 2 has received the word of e + 1, and so never sees the word of e - 2. In
/// PTX's terms, for a thread X that stores and a block R that reads:
///
///     X   st.relaxed room for e + 2;  fence.acq_rel.gpu;  st.relaxed word of e + 1     a release pattern
///     R   ld.relaxed word of e + 1;   fence.acq_rel.gpu;  barrier of the block         an acquire pattern
///     R   ld.relaxed word of e + 2: what X stored there before the room is not seen
///
/// One fence in a step serves both patterns: it stands behind the wait for an exchange, and before the push of the
/// next. kMayHaveAllBits is kMayHaveAllBits<Operand> of the words' operands.
template <bool kMayHaveAllBits>
struct SentinelWords {
  using Pair = device::WordPair;
  using Slot = std::uint32_t;  ///< one half of a pair
  static constexpr std::uint32_t kPlaces = kSentinelPlaces;
  static constexpr bool kMakesRoom = true;

  __device__ static Pair load(const Pair* source) { return device::load_words(source); }
  __device__ static void store(Slot* slot, std::uint32_t word, std::uint32_t) {
    constexpr std::uint32_t kOtherNan = 0x7fff7fffU;  // in every dtype
    if (kMayHaveAllBits && word == kMissing) word = kOtherNan;
    device::store_pushed_word(slot, word);
  }
  __device__ static void make_room(Slot* slot) { device::store_word(slot, kMissing); }

  __device__ static Pair absent(std::uint32_t) { return {{0, 0}}; }
  __device__ static Pair missing(std::uint32_t) { return {{kMissing, kMissing}}; }
  /// The largest word of the pairs: kMissing is larger than all other words. A bool for each pair would not do, because
  /// a lane that polls has more pairs than predicates.
  using Arrival = std::uint32_t;
  static constexpr Arrival kOfNone = 0;
  __device__ static std::uint32_t arrival(const Pair& pair, std::uint32_t) {
    return all_arrivals(pair.words[0], pair.words[1]);
  }
  __device__ static std::uint32_t all_arrivals(std::uint32_t a, std::uint32_t b) { return a < b ? b : a; }
  __device__ static bool have_come(std::uint32_t arrival) { return arrival != kMissing; }
  __device__ static std::uint32_t word(const Pair& pair, int half) { return pair.words[half]; }

 private:
  static constexpr std::uint32_t kMissing = 0xffffffffU;
};

}  // namespace rondo
