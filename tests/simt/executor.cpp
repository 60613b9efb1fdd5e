// Compiled without instrumentation by ThreadSanitizer: what the threads share here orders nothing between them.
#include "simt/executor.h"

#include <algorithm>
#include <deque>
#include <exception>
#include <memory>
#include <random>
#include <vector>

#include "simt/fiber.h"

namespace rondo::test::simt {
namespace {

constexpr unsigned kWarpSize = 32;
constexpr unsigned kMaxBlockThreads = 1024;
constexpr unsigned kMaxGridY = 65535;
constexpr int kMaxIdleRounds = 10000;  // of threads that do nothing but pause
constexpr std::size_t kNamedThreads = 8;

struct Barrier {
  const char* name;
  unsigned expected = 0;
  unsigned arrived = 0;
  std::uint64_t generation = 0;
  char order[2] = {};  ///< two addresses in turn: who comes again early must not order who is still leaving
};

struct Warp {
  Barrier barrier{"warp barrier"};
  std::uint64_t values[kWarpSize] = {};
};

struct Block {
  Barrier barrier{"block barrier"};
  std::unique_ptr<std::byte[]> shared;
};

struct Thread {
  Place place;
  Block* block = nullptr;
  Warp* warp = nullptr;
  unsigned lane = 0;
  Fiber* fiber = nullptr;
  const Barrier* waits_at = nullptr;
  std::uint64_t waits_for_generation = 0;

  bool ready() const { return waits_at == nullptr || waits_at->generation != waits_for_generation; }
};

/// Unwinds a thread whose grid has failed. Not a std::exception, so that no kernel takes it for one.
struct Cancelled {};

std::string to_string(device::Extent extent) {
  return "(" + std::to_string(extent.x) + ", " + std::to_string(extent.y) + ")";
}

/// Fibers are kept for the next grid: making one costs much more than a switch.
class FiberPool {
 public:
  Fiber* get(std::size_t index) {
    while (fibers_.size() <= index) fibers_.push_back(std::make_unique<Fiber>());
    return fibers_[index].get();
  }

 private:
  std::vector<std::unique_ptr<Fiber>> fibers_;
};

FiberPool& fiber_pool() {
  static FiberPool pool;
  return pool;
}

std::unique_ptr<std::mt19937_64> shuffle_engine;

class Grid {
 public:
  Grid(const device::LaunchConfig& config, std::function<void()> body) : config_(config), body_(std::move(body)) {
    for (unsigned y = 0; y < config.grid.y; ++y) {
      for (unsigned x = 0; x < config.grid.x; ++x) add_block({x, y});
    }
    barrier_.expected = static_cast<unsigned>(threads_.size());
  }

  void run() {
    release_to_sanitizer(&begin_);
    std::vector<Thread*> alive;
    for (Thread& thread : threads_) {
      thread.fiber = fiber_pool().get(alive.size());
      thread.fiber->assign([this] { run_thread(); });
      alive.push_back(&thread);
    }
    while (!alive.empty()) {
      if (shuffle_engine != nullptr) std::shuffle(alive.begin(), alive.end(), *shuffle_engine);
      if (!run_round(alive)) fail(std::make_exception_ptr(Deadlock(describe_waiting(alive))));
      std::erase_if(alive, [](const Thread* thread) { return thread->fiber->idle(); });
    }
    acquire_from_sanitizer(&end_);
    if (failure_ != nullptr) std::rethrow_exception(failure_);
  }

  Thread& current() { return *current_; }
  Barrier& barrier() { return barrier_; }

  void wait(Barrier& barrier) {
    throw_if_failed();
    char& order = barrier.order[barrier.generation % 2];
    release_to_sanitizer(&order);
    progress_ = true;
    Thread& thread = *current_;
    if (++barrier.arrived == barrier.expected) {
      barrier.arrived = 0;
      ++barrier.generation;
    } else {
      thread.waits_for_generation = barrier.generation;
      thread.waits_at = &barrier;
      thread.fiber->suspend();
      throw_if_failed();
      thread.waits_at = nullptr;
    }
    acquire_from_sanitizer(&order);
  }

  void pause() {
    current_->fiber->suspend();
    throw_if_failed();
  }

 private:
  void add_block(device::Extent position) {
    Block& block = blocks_.emplace_back();
    const unsigned count = config_.block.x * config_.block.y;
    block.barrier.expected = count;
    block.shared = std::make_unique_for_overwrite<std::byte[]>(config_.shared_bytes);
    std::fill_n(block.shared.get(), config_.shared_bytes, std::byte{0xff});
    for (unsigned i = 0; i < count; ++i) {
      if (i % kWarpSize == 0) warps_.emplace_back().barrier.expected = std::min(kWarpSize, count - i);
      const device::Extent thread{i % config_.block.x, i / config_.block.x};
      threads_.push_back({.place = {thread, position, config_.block, config_.grid},
                          .block = &block,
                          .warp = &warps_.back(),
                          .lane = i % kWarpSize});
    }
  }

  /// Lets every thread that can go on do so. False when none did anything.
  bool run_round(const std::vector<Thread*>& alive) {
    bool any_ready = false;
    progress_ = false;
    for (Thread* thread : alive) {
      if (failure_ == nullptr && !thread->ready()) continue;
      any_ready = true;
      current_ = thread;
      thread->fiber->resume();
      if (thread->fiber->idle()) progress_ = true;
    }
    idle_rounds_ = progress_ ? 0 : idle_rounds_ + 1;
    return any_ready && idle_rounds_ < kMaxIdleRounds;
  }

  /// The body of each fiber.
  void run_thread() {
    acquire_from_sanitizer(&begin_);
    try {
      if (failure_ == nullptr) body_();
    } catch (const Cancelled&) {
    } catch (...) {
      fail(std::current_exception());
    }
    release_to_sanitizer(&end_);
  }

  void fail(std::exception_ptr failure) {
    if (failure_ == nullptr) failure_ = std::move(failure);
  }

  void throw_if_failed() const {
    if (failure_ != nullptr) throw Cancelled{};
  }

  std::string describe_waiting(const std::vector<Thread*>& alive) const {
    std::string text = "deadlock: " + std::to_string(alive.size()) + " of " + std::to_string(threads_.size()) +
                       " threads wait for others that never come:";
    for (std::size_t k = 0; k < std::min(alive.size(), kNamedThreads); ++k) {
      const Thread& thread = *alive[k];
      text += (k == 0 ? " thread " : ", thread ") + to_string(thread.place.thread) + " of block " +
              to_string(thread.place.block);
      text += thread.waits_at == nullptr ? " in a loop with pause()"
                                         : " at a " + std::string(thread.waits_at->name) + " that " +
                                               std::to_string(thread.waits_at->arrived) + " of " +
                                               std::to_string(thread.waits_at->expected) + " have reached";
    }
    return text + (alive.size() > kNamedThreads ? ", ..." : "");
  }

  const device::LaunchConfig config_;
  const std::function<void()> body_;
  Barrier barrier_{"grid barrier"};
  std::deque<Block> blocks_;
  std::deque<Warp> warps_;
  std::deque<Thread> threads_;
  Thread* current_ = nullptr;
  bool progress_ = false;
  int idle_rounds_ = 0;
  std::exception_ptr failure_;
  char begin_ = 0;  ///< orders all threads after the launch
  char end_ = 0;    ///< and its return after them
};

Grid* running_grid = nullptr;

void check_launch(const device::LaunchConfig& config) {
  const auto refuse = [](const char* what, device::Extent extent) {
    throw std::invalid_argument(std::string(what) + " of " + to_string(extent) + " is more or less than CUDA allows");
  };
  const device::Extent block = config.block;
  if (config.grid.x == 0 || config.grid.y == 0 || config.grid.y > kMaxGridY) refuse("a grid", config.grid);
  if (block.x == 0 || block.y == 0 || block.x > kMaxBlockThreads / block.y) refuse("a block", block);
}

}  // namespace

void run_grid(const device::LaunchConfig& config, std::function<void()> body) {
  check_launch(config);
  Grid grid(config, std::move(body));
  running_grid = &grid;
  grid.run();
}

ShuffledSchedule::ShuffledSchedule(std::uint64_t seed) { shuffle_engine = std::make_unique<std::mt19937_64>(seed); }
ShuffledSchedule::~ShuffledSchedule() { shuffle_engine = nullptr; }

const Place& place() { return running_grid->current().place; }
std::byte* shared_memory() { return running_grid->current().block->shared.get(); }
void warp_barrier() { running_grid->wait(running_grid->current().warp->barrier); }
void block_barrier() { running_grid->wait(running_grid->current().block->barrier); }
void grid_barrier() { running_grid->wait(running_grid->barrier()); }
void pause() { running_grid->pause(); }
unsigned lane() { return running_grid->current().lane; }

std::uint64_t exchange_in_warp(std::uint64_t value, unsigned source) {
  const Thread& thread = running_grid->current();
  Warp& warp = *thread.warp;
  warp.values[thread.lane] = value;
  warp_barrier();
  const std::uint64_t received = source < warp.barrier.expected ? warp.values[source] : value;
  warp_barrier();  // before anyone gives the next value
  return received;
}

}  // namespace rondo::test::simt
