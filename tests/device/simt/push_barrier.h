/// What a device::PushBarrier is on the host: an mbarrier of one arrival, in 8 bytes of shared memory.
///
/// A phase ends when its bytes were expected and as many have come. Every function throws `std::logic_error` for a
/// barrier without init_barrier, of which shared memory's NaN tells. ThreadSanitizer sees the barrier's own bytes: a
/// use that no barrier orders after init_barrier is a data race.
#pragma once

#include <cstdint>

namespace rondo::test::simt {

/// What a new barrier's `state` becomes. Throws `std::logic_error` where there is one already. The grid fails when the
/// block ends with pushed bytes that nobody has waited for: on the hardware they might still be on their way.
std::uint64_t first_push_phase(const std::uint64_t& state);

/// Throws `std::logic_error` when called twice in a phase, or when more bytes than these have come.
void expect_pushed_bytes(std::uint64_t& state, std::uint32_t bytes);

/// Bytes have come; what the calling thread did before is visible to whoever waits for this phase. Throws
/// `std::logic_error` when they are more than expected.
void count_pushed_bytes(std::uint64_t& state, std::uint32_t bytes);

/// Whether the running phase is not of this parity: waits for that as long as other threads of the grid get further.
bool try_push_phase(std::uint64_t& state, std::uint32_t parity);

}  // namespace rondo::test::simt
