/// Kernels that test exchanges between blocks. They change a vector of words `steps` times; each thread owns four
/// words, and each step needs the whole vector of the previous step.
#pragma once

#include <cstdint>

#include "cuda/device/cluster.cuh"
#include "cuda/device/collectives.cuh"
#include "cuda/device/packet.cuh"
#include "cuda/device/thread.cuh"

namespace rondo::test {

/// Waits until the phase of this parity has ended.
__device__ inline void wait_for_phase(device::PushBarrier* barrier, std::uint32_t parity) {
  while (!device::try_phase(barrier, parity)) {
  }
}

inline constexpr unsigned kExchangeThreads = 40;
inline constexpr unsigned kExchangeBlocks = 4;
inline constexpr unsigned kExchangeCount = kExchangeBlocks * kExchangeThreads;

/// The next four words of thread `i`, counted over all blocks.
template <typename Read>
__device__ device::Words4 next_words(unsigned i, const Read& read) {
  device::Words4 next = read(i);
  for (unsigned k = 0; k < kExchangeCount; ++k) {
    const device::Words4 other = read(k);
    for (unsigned w = 0; w < 4; ++w) next.words[w] = next.words[w] * 31 + other.words[(w + i) % 4] + k;
  }
  return next;
}

enum class PushFault : std::uint8_t {
  none,
  no_first_barrier,  ///< blocks push before the peers' barriers are initialised
  no_wait,           ///< all threads except one read the last vector without a wait
  no_last_wait,      ///< no thread waits for the last vector, which no thread reads
  one_buffer         ///< the next vector overwrites the vector that other blocks still read
};

struct PushArguments {
  const device::Words4* words = nullptr;  ///< (clusters, kExchangeCount)
  device::Words4* results = nullptr;      ///< (blocks, kExchangeCount): each block's vector after the last step
  int steps = 0;
  std::uint32_t too_many_bytes = 0;  ///< expected beyond the bytes that arrive
  PushFault fault = PushFault::none;
};

struct PushShared {
  device::Words4 vectors[2][kExchangeCount];
  device::PushBarrier barriers[2];
};

/// Each block of a cluster holds two vectors in shared memory, and pushes the words that it changes to all blocks.
class PushExchange {
 public:
  __device__ explicit PushExchange(const PushArguments& arguments)
      : arguments_(arguments), shared_(*reinterpret_cast<PushShared*>(device::shared_memory())) {}

  __device__ void begin() {
    const device::Words4* words = arguments_.words + device::block_index().x / kExchangeBlocks * kExchangeCount;
    for (unsigned i = thread_; i < kExchangeCount; i += kExchangeThreads) shared_.vectors[0][i] = words[i];
    if (thread_ == 0) {
      for (device::PushBarrier& barrier : shared_.barriers) device::init_barrier(&barrier);
    }
    device::block_barrier();
    if (arguments_.fault != PushFault::no_first_barrier) device::cluster_barrier();
  }

  __device__ void step(int number) {
    const unsigned next = arguments_.fault == PushFault::one_buffer ? now_ : 1 - now_;
    const unsigned own = device::block_index().x % kExchangeBlocks * kExchangeThreads + thread_;
    device::PushBarrier* barrier = &shared_.barriers[number % 2];
    if (thread_ == 0) device::expect_bytes(barrier, sizeof shared_.vectors[0] + arguments_.too_many_bytes);
    const device::Words4 changed = next_words(own, [&](unsigned k) { return shared_.vectors[now_][k]; });
    for (unsigned k = 0; k < kExchangeBlocks; ++k) {
      device::push(&shared_.vectors[next][own], changed, barrier, (thread_ + k) % kExchangeBlocks);
    }
    now_ = next;
    if (waits(number)) wait_for_phase(barrier, static_cast<unsigned>(number / 2 % 2));
  }

  __device__ void end() {
    if (arguments_.fault == PushFault::no_last_wait) return;
    device::Words4* results = arguments_.results + device::block_index().x * kExchangeCount;
    for (unsigned i = 0; i < kExchangeCount; ++i) {
      if (i % kExchangeThreads == thread_) results[i] = shared_.vectors[now_][i];
    }
  }

 private:
  __device__ bool waits(int number) const {
    if (number + 1 < arguments_.steps) return true;
    return arguments_.fault != PushFault::no_last_wait && (arguments_.fault != PushFault::no_wait || thread_ == 0);
  }

  const PushArguments& arguments_;
  PushShared& shared_;
  unsigned thread_ = device::thread_index().x;
  unsigned now_ = 0;
};

__global__ inline void push_kernel(PushArguments arguments) {
  PushExchange exchange(arguments);
  exchange.begin();
  for (int number = 0; number < arguments.steps; ++number) exchange.step(number);
  exchange.end();
}

enum class PacketFault : std::uint8_t {
  none,
  one_buffer,   ///< packets of the next exchange overwrite packets that other threads have not read
  first_epoch,  ///< a thread checks the epoch of the first packet of a pair only
  no_epoch      ///< a thread checks no epoch
};

struct PacketArguments {
  const device::Words4* words = nullptr;  ///< (kExchangeCount)
  device::Words4* results = nullptr;      ///< (blocks, kExchangeCount)
  device::PacketPair* pairs = nullptr;    ///< (2, kExchangeCount, 2): two vectors, used alternately
  int steps = 0;
  PacketFault fault = PacketFault::none;
};

/// Waits until both packets of a pair have this epoch.
__device__ inline device::PacketPair receive(const device::PacketPair* source, std::uint32_t epoch, PacketFault fault) {
  const bool believes_first = fault == PacketFault::no_epoch;
  const bool believes_second = believes_first || fault == PacketFault::first_epoch;
  for (;;) {
    const device::PacketPair pair = device::load_packets(source);
    const bool first = believes_first || pair.packets[0].epoch == epoch;
    const bool second = believes_second || pair.packets[1].epoch == epoch;
    if (first && second) return pair;
    device::pause();
  }
}

/// Each thread of a cooperative grid holds a copy of the vector, and receives the other threads' words in packets.
__global__ inline void packet_kernel(PacketArguments arguments) {
  const unsigned thread = device::thread_index().x;
  const unsigned own = device::block_index().x * kExchangeThreads + thread;
  device::Words4 vector[kExchangeCount];
  for (unsigned i = 0; i < kExchangeCount; ++i) vector[i] = arguments.words[i];
  for (int step = 0; step < arguments.steps; ++step) {
    const auto epoch = static_cast<std::uint32_t>(step + 1);
    const bool odd = step % 2 != 0 && arguments.fault != PacketFault::one_buffer;
    device::PacketPair* pairs = arguments.pairs + (odd ? 2 * kExchangeCount : 0);
    const device::Words4 changed = next_words(own, [&](unsigned k) { return vector[k]; });
    for (unsigned half = 0; half < 2; ++half) {
      const std::uint32_t* words = changed.words + 2 * half;
      for (unsigned w = 0; w < 2; ++w) device::store_packet(&pairs[2 * own + half].packets[w], {words[w], epoch});
    }
    for (unsigned i = 0; i < 2 * kExchangeCount; ++i) {
      const device::PacketPair pair = receive(&pairs[i], epoch, arguments.fault);
      for (unsigned w = 0; w < 2; ++w) vector[i / 2].words[i % 2 * 2 + w] = pair.packets[w].word;
    }
  }
  device::Words4* results = arguments.results + device::block_index().x * kExchangeCount;
  for (unsigned i = thread; i < kExchangeCount; i += kExchangeThreads) results[i] = vector[i];
}

}  // namespace rondo::test
