/// The exchange of a recurrence's step in a grid: every block writes its part to global memory, and reads all parts.
#pragma once

#include <cstddef>
#include <cstdint>

#include "cuda/device/collectives.cuh"
#include "cuda/device/opaque.cuh"
#include "cuda/device/packet.cuh"
#include "cuda/device/unroll.cuh"
#include "micro/waiting.cuh"
#include "micro/workbench.h"

namespace rondo::bench {

inline constexpr unsigned kExchangeBuffers = 4;  // sentinels rotate through all buffers, packets through two

/// Where device::order_writes stands in a round.
enum class Fence : std::uint8_t { none, after_write, after_read };

/// Which items a poll loads again, and how their addresses are computed.
enum class Poll : std::uint8_t {
  missing,          ///< items that have not arrived, each under a condition, at offsets that the compiler knows
  missing_strided,  ///< items that have not arrived, at a run-time stride: each poll computes their addresses
  all               ///< all items, at offsets that the compiler knows
};

struct GridExchange {
  const std::uint32_t* first;  ///< the payload of the first round
  std::uint32_t* last;         ///< the payload after the last round, as block 0 has it
  std::byte* buffers;          ///< zeros before the first round
  std::uint32_t* gave_up;
  unsigned blocks;
  unsigned rounds;
  unsigned stride = kMicroThreads;  ///< kMicroThreads as a value that the compiler does not know
};

/// Items of two words of payload, each beside the epoch of its round.
template <unsigned kPayload>
class Packets {
 public:
  struct Item {
    std::uint32_t words[2];
  };
  using Raw = device::PacketPair;
  static constexpr unsigned kItems = kPayload / sizeof(Item);

  __device__ explicit Packets(const GridExchange& exchange) : buffers_(reinterpret_cast<Raw*>(exchange.buffers)) {}

  __device__ void write(unsigned round, unsigned item, const Item& words) const {
    const std::uint32_t epoch = round + 1;
    Raw* pair = buffer(round) + item;
    for (unsigned word = 0; word < 2; ++word) device::store_packet(&pair->packets[word], {words.words[word], epoch});
  }

  __device__ const Raw* place(unsigned round) const { return buffer(round); }
  __device__ static Raw load(const Raw* item) { return device::load_packets(item); }
  __device__ static bool arrived(unsigned round, const Raw& raw) {
    return raw.packets[0].epoch == round + 1 && raw.packets[1].epoch == round + 1;
  }
  __device__ static Item payload(const Raw& raw) { return {{raw.packets[0].word, raw.packets[1].word}}; }

 private:
  /// Rounds alternate between two buffers. A block writes a buffer after it has read the other, whose writers wrote it
  /// after they had read the first.
  __device__ Raw* buffer(unsigned round) const { return buffers_ + round % 2 * kItems; }

  Raw* buffers_;
};

/// Items of three words of payload and the epoch of the round, read and written as 16 bytes.
template <unsigned kPayload>
class WidePackets {
 public:
  struct Item {
    std::uint32_t words[3];
  };
  using Raw = device::Words4;
  static constexpr unsigned kItems = kPayload / sizeof(Item);

  __device__ explicit WidePackets(const GridExchange& exchange) : buffers_(reinterpret_cast<Raw*>(exchange.buffers)) {}

  __device__ void write(unsigned round, unsigned item, const Item& words) const {
    device::store_three_words(buffer(round) + item, {{words.words[0], words.words[1], words.words[2], round + 1}});
  }

  __device__ const Raw* place(unsigned round) const { return buffer(round); }
  __device__ static Raw load(const Raw* item) { return device::load_three_words(item); }
  __device__ static bool arrived(unsigned round, const Raw& raw) { return raw.words[3] == round + 1; }
  __device__ static Item payload(const Raw& raw) { return {{raw.words[0], raw.words[1], raw.words[2]}}; }

 private:
  /// Two buffers suffice for the reason that Packets gives.
  __device__ Raw* buffer(unsigned round) const { return buffers_ + round % 2 * kItems; }

  Raw* buffers_;
};

/// Items of four words of payload that are not zero; zero is the sentinel of a word that has not arrived. This serves
/// only to measure: nothing orders a sentinel before the word that replaces it, and 16 bytes need not arrive as one.
template <unsigned kPayload>
class Sentinels {
 public:
  using Item = device::Words4;
  using Raw = Item;
  static constexpr unsigned kItems = kPayload / sizeof(Item);

  __device__ explicit Sentinels(const GridExchange& exchange) : buffers_(reinterpret_cast<Raw*>(exchange.buffers)) {}

  /// Writes the item, and the sentinels of round + 2.
  __device__ void write(unsigned round, unsigned item, const Item& words) const {
    store_words(buffer(round) + item, words);
    store_words(buffer(round + 2) + item, Item{});
  }

  __device__ const Raw* place(unsigned round) const { return buffer(round); }
  __device__ static Raw load(const Raw* item) { return load_words(item); }
  __device__ static bool arrived(unsigned, const Raw& raw) {
    return raw.words[0] != 0 && raw.words[1] != 0 && raw.words[2] != 0 && raw.words[3] != 0;
  }
  __device__ static Item payload(const Raw& raw) { return raw; }

 private:
  __device__ Raw* buffer(unsigned round) const { return buffers_ + round % kExchangeBuffers * kItems; }

  Raw* buffers_;
};

/// Reads this thread's items of one round into shared memory: loads all items, then the items that `kPoll` names, until
/// all have arrived. Loads are separate from the checks of their results, to keep many loads in flight.
template <typename Exchange, Poll kPoll>
__device__ void receive(const Exchange& exchange, unsigned round, Patience& patience, unsigned stride,
                        typename Exchange::Item* target) {
  constexpr unsigned kMine = (Exchange::kItems + kMicroThreads - 1) / kMicroThreads;
  const unsigned thread = device::thread_index().x;
  if (Exchange::kItems < kMicroThreads && thread >= Exchange::kItems) return;
  const auto* first = exchange.place(round) + thread;
  // Distances from an opaque pointer stay constants; with an opaque stride each address is computed where it is used.
  const auto distance = [&](unsigned k) {
    return kPoll == Poll::missing_strided ? std::size_t{k} * device::opaque(stride) : std::size_t{k} * kMicroThreads;
  };
  typename Exchange::Raw raw[kMine];
  for (unsigned k = 0; k < kMine; ++k) raw[k] = Exchange::load(first + distance(k));
  patience.wait([&] {
    bool all = true;
    for (unsigned k = 0; k < kMine; ++k) all = Exchange::arrived(round, raw[k]) && all;
    if (all) return true;
    const auto* again = device::opaque(first);
    for (unsigned k = 0; k < kMine; ++k) {
      if (kPoll == Poll::all || !Exchange::arrived(round, raw[k])) raw[k] = Exchange::load(again + distance(k));
    }
    device::pause();
    return false;
  });
  for (unsigned k = 0; k < kMine; ++k) target[thread + k * kMicroThreads] = Exchange::payload(raw[k]);
}

/// In each round a block writes the part that its neighbour wrote in the round before.
template <typename Exchange, Fence kFence = Fence::none, Poll kPoll = Poll::missing>
__global__ void __launch_bounds__(kMicroThreads, 1)
    grid_exchange_kernel(const __grid_constant__ GridExchange arguments) {
  using Item = typename Exchange::Item;
  constexpr unsigned kItems = Exchange::kItems;
  const unsigned thread = device::thread_index().x;
  const unsigned part = kItems / arguments.blocks;
  const unsigned begin = device::block_index().x * part;
  const Exchange exchange(arguments);
  Patience patience(arguments.gave_up);
  auto* payloads = reinterpret_cast<Item*>(device::shared_memory());  // two buffers, used alternately
  for (unsigned item = thread; item < kItems; item += kMicroThreads) {
    Item words = reinterpret_cast<const Item*>(arguments.first)[item];
    for (std::uint32_t& word : words.words) word |= 1U;  // never zero
    payloads[item] = words;
  }
  device::block_barrier();
  for (unsigned round = 0; round < arguments.rounds; ++round) {
    const Item* before = payloads + round % 2 * kItems;
    RONDO_KEEP_LOOP
    for (unsigned item = begin + thread; item < begin + part; item += kMicroThreads) {
      exchange.write(round, item, before[(item + part) % kItems]);
    }
    if (kFence == Fence::after_write) device::order_writes();
    receive<Exchange, kPoll>(exchange, round, patience, arguments.stride, payloads + (round + 1) % 2 * kItems);
    if (kFence == Fence::after_read) device::order_writes();
    device::block_barrier();
  }
  if (device::block_index().x != 0) return;
  for (unsigned item = thread; item < kItems; item += kMicroThreads) {
    reinterpret_cast<Item*>(arguments.last)[item] = payloads[arguments.rounds % 2 * kItems + item];
  }
}

}  // namespace rondo::bench
