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
#include <span>
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
/// - `std::invalid_argument` for a grid, block or cluster that CUDA would refuse,
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
/// That of block `peer` of its cluster. Throws `std::logic_error` when there is no such block, or when it has ended.
std::byte* shared_memory_of(unsigned peer);

/// Wait until all threads of its warp, block, cluster or grid have come. The last throws `std::logic_error` in a grid
/// whose blocks may not wait for each other, because it is neither cooperative nor a single cluster.
void warp_barrier();
void block_barrier();
void cluster_barrier();
void grid_barrier();

/// Lets others go on: what a loop that waits for another thread's write calls in each round. Throws as grid_barrier.
void pause();

/// Under a ShuffledSchedule, lets others go on now and then: where the hardware's threads interleave without a wait.
void interleave();

/// While it lives, one word of h that blocks exchange never comes: that of the push of this number, counted from 0 over
/// all grids.
class LostPush {
 public:
  explicit LostPush(std::int64_t number);
  ~LostPush();
  LostPush(const LostPush&) = delete;
  LostPush& operator=(const LostPush&) = delete;

  /// Whether so many pushes have come.
  bool happened() const;
};

/// Asked once for each push.
bool loses_push();
/// Whether a LostPush has happened: what was pushed may then arrive at blocks that do not wait for it any more.
bool push_was_lost();

/// Makes the grid throw `std::logic_error(what)` when the block of the thread ends while (word & mask) != 0.
void require_at_block_end(const std::uint64_t& word, std::uint64_t mask, const char* what);

/// What a thread waits for in wait_while.
struct WordWait {
  const std::uint64_t* word = nullptr;
  std::uint64_t mask = 0;
  std::uint64_t bits = 0;
  std::string (*describe)(std::uint64_t word) = nullptr;  ///< for Deadlock: "at a ..."

  bool over() const { return word == nullptr || (*word & mask) != bits; }
};
/// Waits while (*word & mask) == bits, and no longer than other threads get further: false where it still is so. This
/// orders nothing.
bool try_wait_while(const WordWait& wait);

/// A clock that moves while no thread of the grid gets any further: so that a wait in vain is over soon, and no other.
std::uint64_t idle_nanoseconds();

/// Its lane among the 32 threads of its warp. The last warp of a block may have fewer.
unsigned lane();

// What a warp does together, with all its threads. As on the hardware, only warp_barrier orders accesses to memory.

/// The 8 bytes that lane `source` gave to the same call. A lane beyond the warp gives what the caller gave.
std::uint64_t exchange_in_warp(std::uint64_t value, unsigned source);

/// received[i] = what lane sources[i] gave. Throws `std::logic_error` in a warp of fewer than 32 threads.
void exchange_in_full_warp(std::uint64_t value, std::span<const unsigned> sources, std::span<std::uint64_t> received);

/// Throws `std::logic_error` unless `row` begins at a multiple of 16 bytes in the block's shared memory.
void check_matrix_row(const void* row);

}  // namespace rondo::test::simt
