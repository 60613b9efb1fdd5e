/// device::PushBarrier on the host: an mbarrier of one arrival, in 8 bytes of shared memory.
///
/// A phase ends when expect_bytes was called and the bytes have arrived. Every function throws `std::logic_error` for a
/// barrier without init_barrier, which shared memory's NaN reveals. ThreadSanitizer sees the barrier's own bytes: a use
/// that no barrier orders after init_barrier is a data race.
#pragma once

#include <cstdint>

namespace rondo::test::simt {

/// The initial state of a barrier. Throws `std::logic_error` where `state` is a barrier already. The grid fails when
/// the block ends with pushed bytes that no thread has waited for: on the hardware they might still be in flight.
std::uint64_t first_push_phase(const std::uint64_t& state);

/// Expects `bytes` in this phase. Throws `std::logic_error` for a second call in a phase, or when more bytes have
/// arrived.
void expect_pushed_bytes(std::uint64_t& state, std::uint32_t bytes);

/// Counts bytes that have arrived. Earlier writes of the calling thread are visible to threads that wait for this
/// phase. Throws `std::logic_error` when more bytes than expected have arrived.
void count_pushed_bytes(std::uint64_t& state, std::uint32_t bytes);

/// Whether the running phase has another parity. Waits for that as long as other threads of the grid make progress.
bool try_push_phase(std::uint64_t& state, std::uint32_t parity);

}  // namespace rondo::test::simt
