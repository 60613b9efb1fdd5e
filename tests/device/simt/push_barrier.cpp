// Unlike the executor, this file is compiled with ThreadSanitizer's instrumentation, so that accesses to a barrier's
// bytes show. They are relaxed and order nothing; the sanitizer is told the order of each phase separately.
#include "device/simt/push_barrier.h"

#include <atomic>
#include <bit>
#include <stdexcept>
#include <string>

#include "device/simt/executor.h"
#include "device/simt/fiber.h"

namespace rondo::test::simt {
namespace {

constexpr std::int32_t kMaxBytes = (1 << 20) - 1;  // limit of an mbarrier
constexpr std::uint8_t kMark = 0x9b;               // marks a barrier; no byte of the NaNs that fill shared memory

struct State {
  std::int32_t bytes = 0;  ///< outstanding bytes; negative where more have arrived than were expected so far
  std::uint8_t mark = kMark;
  std::uint8_t phase = 0;
  std::uint8_t expected = 0;   ///< whether expect_bytes was called in this phase
  std::uint8_t unawaited = 0;  ///< a bit for each parity: whether bytes have arrived that no thread has waited for
};

constexpr auto kPhaseMask = std::bit_cast<std::uint64_t>(State{.mark = 0, .phase = 1});
constexpr auto kUnawaitedMask = std::bit_cast<std::uint64_t>(State{.mark = 0, .unawaited = 3});

[[noreturn]] void refuse(const std::string& what) { throw std::logic_error("PushBarrier: " + what); }

State load(std::uint64_t& word) {
  const auto state = std::bit_cast<State>(std::atomic_ref(word).load(std::memory_order_relaxed));
  if (state.mark != kMark) refuse("used without init_barrier");
  return state;
}

/// Stores the state, and ends the phase where all expected bytes have arrived.
void store(std::uint64_t& word, State state) {
  if (state.bytes < -kMaxBytes || state.bytes > kMaxBytes) {
    refuse(std::to_string(state.bytes) + " outstanding bytes, which is beyond " + std::to_string(kMaxBytes));
  }
  if (state.expected != 0 && state.bytes < 0) {
    refuse(std::to_string(-state.bytes) + " bytes more than expected have arrived in one phase");
  }
  if (state.expected != 0 && state.bytes == 0) {
    state.phase ^= 1;
    state.expected = 0;
  }
  std::atomic_ref(word).store(std::bit_cast<std::uint64_t>(state), std::memory_order_relaxed);
}

/// The address by which the sanitizer knows a phase.
void* order_of(std::uint64_t& word, std::uint32_t phase) { return reinterpret_cast<char*>(&word) + phase; }

std::string describe(std::uint64_t word) {
  const auto state = std::bit_cast<State>(word);
  if (state.expected == 0) return "at a push barrier in a phase without expect_bytes";
  return "at a push barrier that waits for " + std::to_string(state.bytes) + " more bytes";
}

}  // namespace

std::uint64_t first_push_phase(const std::uint64_t& state) {
  if (std::bit_cast<State>(state).mark == kMark) refuse("init_barrier of one that is in use");
  require_at_block_end(state, kUnawaitedMask, "bytes were pushed to it that no thread has waited for");
  return std::bit_cast<std::uint64_t>(State{});
}

void expect_pushed_bytes(std::uint64_t& state, std::uint32_t bytes) {
  State next = load(state);
  if (next.expected != 0) refuse("expect_bytes twice in one phase");
  if (bytes > static_cast<std::uint32_t>(kMaxBytes)) refuse("expect_bytes of " + std::to_string(bytes));
  release_to_sanitizer(order_of(state, next.phase));
  next.expected = 1;
  next.bytes += static_cast<std::int32_t>(bytes);
  store(state, next);
}

void count_pushed_bytes(std::uint64_t& state, std::uint32_t bytes) {
  State next = load(state);
  release_to_sanitizer(order_of(state, next.phase));
  next.bytes -= static_cast<std::int32_t>(bytes);
  next.unawaited = static_cast<std::uint8_t>(next.unawaited | 1U << next.phase);
  store(state, next);
}

bool try_push_phase(std::uint64_t& state, std::uint32_t parity) {
  load(state);
  if (parity > 1) refuse("a parity of " + std::to_string(parity));
  if (!try_wait_while(
          {.word = &state, .mask = kPhaseMask, .bits = parity == 0 ? 0 : kPhaseMask, .describe = describe})) {
    return false;
  }
  acquire_from_sanitizer(order_of(state, parity));
  State awaited = load(state);
  awaited.unawaited = static_cast<std::uint8_t>(awaited.unawaited & ~(1U << parity));
  store(state, awaited);
  return true;
}

}  // namespace rondo::test::simt
