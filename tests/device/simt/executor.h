/// Runs CUDA kernels, compiled as C++, on one OS thread: one fiber for each CUDA thread, all blocks of the grid at
/// once. Every thread runs until it waits for others; then another thread continues, in an order that a seed decides.
///
/// ThreadSanitizer sees each CUDA thread as a thread, and only barriers and atomics order threads, so that a missing
/// barrier is a data race. AddressSanitizer finds accesses out of bounds, because memory of kernels is in heap blocks
/// of exact size. The executor cannot show the encodings of instructions, registers and speed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <stdexcept>
#include <string>

#include "cuda/device/launch_config.h"

namespace rondo::test::simt {

/// All remaining threads wait for each other.
class Deadlock : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Runs `body` once for each thread of the grid, and returns when all have ended. Throws
/// - `std::invalid_argument` for a grid, block or cluster that CUDA would refuse,
/// - `Deadlock`, which names the waiting threads and what they wait for,
/// - the first exception that a thread throws; the others are unwound at the barriers where they wait.
void run_grid(const device::LaunchConfig& config, std::function<void()> body);

/// During the life of this object, the threads of each grid run in an order drawn from `seed`; otherwise they run in
/// the order of their indices.
class ShuffledSchedule {
 public:
  explicit ShuffledSchedule(std::uint64_t seed);
  ~ShuffledSchedule();
  ShuffledSchedule(const ShuffledSchedule&) = delete;
  ShuffledSchedule& operator=(const ShuffledSchedule&) = delete;
};

// The running thread calls the functions below, through the host's versions of the headers in src/cuda/device.

/// The position of a thread.
struct Place {
  device::Extent thread;
  device::Extent block;
  device::Extent block_size;
  device::Extent grid_size;
};
const Place& place();

/// Dynamic shared memory of the thread's block: LaunchConfig::shared_bytes, filled with NaN before the block begins.
std::byte* shared_memory();
/// Shared memory of block `peer` of the thread's cluster. Throws `std::logic_error` for a block that does not exist or
/// has ended.
std::byte* shared_memory_of(unsigned peer);

/// The barriers wait until all threads of the warp, block, cluster or grid have arrived. grid_barrier throws
/// `std::logic_error` in a grid whose blocks may not wait for each other, because it is neither cooperative nor a
/// single cluster.
void warp_barrier();
void block_barrier();
void cluster_barrier();
void grid_barrier();

/// Lets other threads run. A loop that waits for another thread's write calls this in each round. Throws like
/// grid_barrier.
void pause();

/// Under a ShuffledSchedule, sometimes lets other threads run, as the hardware's threads interleave without a wait.
void interleave();

/// During the life of this object, one word of h that blocks exchange never arrives: the word of push `number`, counted
/// from 0 over all grids.
class LostPush {
 public:
  explicit LostPush(std::int64_t number);
  ~LostPush();
  LostPush(const LostPush&) = delete;
  LostPush& operator=(const LostPush&) = delete;

  /// Whether the word has been lost.
  bool happened() const;
};

/// Whether the next push is lost. Call this once for each push.
bool loses_push();
/// Whether a LostPush has happened. Later pushes may then arrive at blocks that no longer wait for them.
bool push_was_lost();

/// Makes the grid throw `std::logic_error(what)` when the block of the thread ends while (word & mask) != 0.
void require_at_block_end(const std::uint64_t& word, std::uint64_t mask, const char* what);

/// The condition of a wait in try_wait_while.
struct WordWait {
  const std::uint64_t* word = nullptr;
  std::uint64_t mask = 0;
  std::uint64_t bits = 0;
  std::string (*describe)(std::uint64_t word) = nullptr;  ///< for Deadlock: "at a ..."

  bool over() const { return word == nullptr || (*word & mask) != bits; }
};
/// Waits while (*word & mask) == bits, as long as other threads make progress. False where the condition still holds
/// then. The wait orders no accesses to memory.
bool try_wait_while(const WordWait& wait);

/// A clock that advances only while no thread of the grid makes progress, so that only waits in vain time out.
std::uint64_t idle_nanoseconds();

/// The thread's lane among the 32 threads of its warp. The last warp of a block may have fewer.
unsigned lane();

// All threads of a warp call the functions below together. As on the hardware, only warp_barrier orders accesses.

/// The 8 bytes that lane `source` passed to this call. For a lane beyond the warp, the caller's own value.
std::uint64_t exchange_in_warp(std::uint64_t value, unsigned source);

/// received[i] = the value of lane sources[i]. Throws `std::logic_error` in a warp of fewer than 32 threads.
void exchange_in_full_warp(std::uint64_t value, std::span<const unsigned> sources, std::span<std::uint64_t> received);

/// Throws `std::logic_error` unless `row` begins at a multiple of 16 bytes in the block's shared memory.
void check_matrix_row(const void* row);

}  // namespace rondo::test::simt
