/// The threads of a running grid, and their waits. Only files that are compiled without ThreadSanitizer's
/// instrumentation may include this header: data that CUDA's threads share here must not order them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "device/simt/executor.h"
#include "device/simt/fiber.h"
#include "device/simt/guarded_memory.h"
#include "device/simt/tile_product.h"

namespace rondo::test::simt {

struct Barrier {
  const char* name;
  unsigned expected = 0;
  unsigned arrived = 0;
  std::uint64_t generation = 0;
  char order[2] = {};  ///< used alternately: an early arrival must not order threads that still leave
};

/// The value that a lane passes to the other lanes of its warp.
union LaneGift {
  std::uint64_t value;
  TileOperands operands;
};

struct Warp {
  static constexpr unsigned kLanes = 32;

  Barrier barrier{"warp barrier"};
  /// Two sets, used alternately, so that one wait suffices: an early lane does not write where others still read.
  LaneGift gifts[2][kLanes] = {};
};

struct Block;

struct Cluster {
  Barrier barrier{"cluster barrier"};
  std::vector<Block*> blocks;
};

struct Requirement {
  const std::uint64_t* word = nullptr;
  std::uint64_t mask = 0;
  const char* what = nullptr;
};

struct Block {
  device::Extent position;
  Cluster* cluster = nullptr;
  unsigned running = 0;  ///< threads that have not ended
  GuardedMemory shared;
  Barrier barrier{"block barrier"};
  std::vector<Requirement> required_at_end;
};

struct Thread {
  Place place;
  Block* block = nullptr;
  Warp* warp = nullptr;
  unsigned lane = 0;
  Fiber* fiber = nullptr;
  const Barrier* waits_at = nullptr;
  std::uint64_t waits_for_generation = 0;
  WordWait word_wait = {};

  bool waits_for_word() const { return word_wait.word != nullptr; }
  bool ready() const {
    return (waits_at == nullptr || waits_at->generation != waits_for_generation) && word_wait.over();
  }
};

class Grid {
 public:
  Grid(const device::LaunchConfig& config, std::function<void()> body);

  void run();

  Thread& current() { return *current_; }
  Barrier& barrier() { return barrier_; }
  const device::LaunchConfig& config() const { return config_; }
  std::uint64_t idle_nanoseconds() const { return all_idle_rounds_ * 1'000'000; }

  // The running thread calls the functions below.

  /// Waits for the other threads without ordering accesses to memory.
  void meet(Barrier& barrier);
  /// Waits for the other threads, and orders accesses to memory.
  void wait(Barrier& barrier);
  bool try_wait_while(const WordWait& wait);
  void pause();
  void interleave();
  /// Throws `std::logic_error` unless all blocks run at once.
  void check_blocks_may_wait() const;
  /// Passes a gift to the other lanes of the warp, and returns all gifts, valid until the call after the next.
  const LaneGift* exchange(const LaneGift& gift);
  /// Does as `exchange`. Throws `std::logic_error` in a warp of fewer than 32 threads.
  const LaneGift* exchange_in_full_warp(const LaneGift& gift);

 private:
  void add_block(device::Extent position);
  /// Runs the blocks from thread `first` on: as many whole clusters as there is room for at once, or all blocks of a
  /// cooperative grid. Returns the index of the thread behind them.
  std::size_t run_wave(std::size_t first);
  /// Resumes every thread that can continue. False when no thread made progress.
  bool run_round(const std::vector<Thread*>& alive);
  /// The body of each fiber.
  void run_thread();
  void end_thread(Block& block);
  void suspend();
  void fail(std::exception_ptr failure);
  void throw_if_failed() const;
  std::string describe_waiting(const std::vector<Thread*>& alive) const;

  const device::LaunchConfig config_;
  const std::function<void()> body_;
  Barrier barrier_{"grid barrier"};
  std::deque<Cluster> clusters_;
  std::deque<Block> blocks_;
  std::deque<Warp> warps_;
  std::deque<Thread> threads_;
  Thread* current_ = nullptr;
  bool progress_ = false;
  int idle_rounds_ = 0;  ///< rounds since the last progress
  std::uint64_t all_idle_rounds_ = 0;
  std::exception_ptr failure_;
  char begin_ = 0;  ///< orders all threads after the launch
  char end_ = 0;    ///< orders the return of the launch after all threads
};

/// Random bits. The standard library's engines are templates, so the linker might keep an instrumented copy of one.
class ShuffleEngine {
 public:
  using result_type = std::uint64_t;

  explicit ShuffleEngine(std::uint64_t seed) : state_(2 * seed + 1) {
    for (int i = 0; i < 20; ++i) (*this)();  // spreads the bits of small seeds
  }
  static constexpr result_type min() { return 0; }
  static constexpr result_type max() { return ~result_type{0}; }
  result_type operator()() {
    state_ ^= state_ << 13;
    state_ ^= state_ >> 7;
    state_ ^= state_ << 17;
    return state_;
  }

 private:
  std::uint64_t state_;  ///< not 0
};

extern Grid* running_grid;
extern std::unique_ptr<ShuffleEngine> shuffle_engine;

std::string to_string(device::Extent extent);

}  // namespace rondo::test::simt
