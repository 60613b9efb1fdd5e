/// Runs CUDA kernels, compiled as plain C++, on one OS thread: one fiber for each CUDA thread, all blocks of the grid
/// at once. Every thread runs until it waits for others; then another one goes on, in an order that a seed decides.
///
/// Under ThreadSanitizer each CUDA thread is a thread of its own and nothing but barriers and atomics orders them, so
/// that a missing barrier is a data race. AddressSanitizer finds accesses out of bounds, as memory of kernels is in
/// heap blocks of exact size. What cannot show here: the encodings of instructions, registers, speed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <stdexcept>
#include <string>

#include "cuda/device/launch_config.h"

namespace rondo::test::simt {

/// Threads wait, and nobody is left who could let them go on.
class Deadlock : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Runs `body` once for each thread of the grid, and returns when all have ended. Throws
/// - `std::invalid_argument` for a grid or block that CUDA would refuse,
/// - `Deadlock`, naming the threads that wait and what for,
/// - the first exception that a thread throws; the others are unwound at the barriers where they wait.
void run_grid(const device::LaunchConfig& config, std::function<void()> body);

/// While it lives, the threads of each grid take turns in an order drawn from `seed`; else in the order of their
/// indices.
class ShuffledSchedule {
 public:
  explicit ShuffledSchedule(std::uint64_t seed);
  ~ShuffledSchedule();
  ShuffledSchedule(const ShuffledSchedule&) = delete;
  ShuffledSchedule& operator=(const ShuffledSchedule&) = delete;
};

// Asked by the thread that runs, through the host's versions of the headers in src/cuda/device.

/// Where it stands.
struct Place {
  device::Extent thread;
  device::Extent block;
  device::Extent block_size;
  device::Extent grid_size;
};
const Place& place();

/// Dynamic shared memory of its block: LaunchConfig::shared_bytes, filled with NaN before the block begins.
std::byte* shared_memory();

/// Wait until all threads of its warp, block or grid have come.
void warp_barrier();
void block_barrier();
void grid_barrier();

/// Lets others go on: what a loop that waits for another thread's write calls in each round.
void pause();

/// Its lane among the 32 threads of its warp. The last warp of a block may have fewer.
unsigned lane();

/// The 8 bytes that lane `source` gave to the same call. All threads of the warp take part. A lane beyond the warp
/// gives what the caller gave.
std::uint64_t exchange_in_warp(std::uint64_t value, unsigned source);

}  // namespace rondo::test::simt
