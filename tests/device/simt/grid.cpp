#include "device/simt/grid.h"

#include <algorithm>
#include <stdexcept>

namespace rondo::test::simt {
namespace {

constexpr int kMaxIdleRounds = 10000;  // rounds in which all threads only pause
constexpr std::size_t kNamedThreads = 8;
constexpr std::size_t kWaveThreads = 4096;  // a process cannot have the stacks of more than some 30,000 fibers
constexpr std::uint64_t kInterleaveOneIn = 8;

/// Unwinds a thread whose grid has failed. The type is no std::exception, so that kernels do not catch it as one.
struct Cancelled {};

/// Keeps fibers for the next grid, because making a fiber costs much more than a switch.
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

std::string describe_wait(const Thread& thread) {
  if (thread.waits_at != nullptr) {
    return "at a " + std::string(thread.waits_at->name) + " that " + std::to_string(thread.waits_at->arrived) + " of " +
           std::to_string(thread.waits_at->expected) + " have reached";
  }
  if (thread.word_wait.word != nullptr) return thread.word_wait.describe(*thread.word_wait.word);
  return "in a loop with pause()";
}

}  // namespace

Grid* running_grid = nullptr;
std::unique_ptr<ShuffleEngine> shuffle_engine;

std::string to_string(device::Extent extent) {
  return "(" + std::to_string(extent.x) + ", " + std::to_string(extent.y) + ")";
}

Grid::Grid(const device::LaunchConfig& config, std::function<void()> body) : config_(config), body_(std::move(body)) {
  for (unsigned y = 0; y < config.grid.y; ++y) {
    for (unsigned x = 0; x < config.grid.x; ++x) add_block({x, y});
  }
  barrier_.expected = static_cast<unsigned>(threads_.size());
}

void Grid::add_block(device::Extent position) {
  if (position.x % config_.cluster_blocks == 0) clusters_.emplace_back();
  Block& block = blocks_.emplace_back();
  const unsigned count = config_.block.x * config_.block.y;
  block.position = position;
  block.cluster = &clusters_.back();
  block.cluster->blocks.push_back(&block);
  block.cluster->barrier.expected += count;
  block.barrier.expected = count;
  block.running = count;
  block.shared = GuardedMemory(config_.shared_bytes);
  std::fill_n(block.shared.data(), config_.shared_bytes, std::byte{0xff});
  for (unsigned i = 0; i < count; ++i) {
    if (i % Warp::kLanes == 0) warps_.emplace_back().barrier.expected = std::min(Warp::kLanes, count - i);
    const device::Extent thread{i % config_.block.x, i / config_.block.x};
    threads_.push_back({.place = {thread, position, config_.block, config_.grid},
                        .block = &block,
                        .warp = &warps_.back(),
                        .lane = i % Warp::kLanes});
  }
}

void Grid::run() {
  release_to_sanitizer(&begin_);
  for (std::size_t next = 0; next < threads_.size();) next = run_wave(next);
  acquire_from_sanitizer(&end_);
  if (failure_ != nullptr) std::rethrow_exception(failure_);
}

std::size_t Grid::run_wave(std::size_t first) {
  std::vector<Thread*> alive;
  std::size_t next = first;
  for (; next < threads_.size(); ++next) {
    Thread& thread = threads_[next];
    const bool new_cluster = next > first && thread.block->cluster != threads_[next - 1].block->cluster;
    if (new_cluster && alive.size() >= kWaveThreads && !config_.cooperative) break;
    thread.fiber = fiber_pool().get(alive.size());
    thread.fiber->assign([this] { run_thread(); });
    alive.push_back(&thread);
  }
  while (!alive.empty()) {
    if (shuffle_engine != nullptr) std::shuffle(alive.begin(), alive.end(), *shuffle_engine);
    if (!run_round(alive)) fail(std::make_exception_ptr(Deadlock(describe_waiting(alive))));
    std::erase_if(alive, [](const Thread* thread) { return thread->fiber->idle(); });
  }
  return next;
}

bool Grid::run_round(const std::vector<Thread*>& alive) {
  bool any_ready = false;
  const bool idle = idle_rounds_ > 0;
  progress_ = false;
  for (Thread* thread : alive) {
    any_ready = any_ready || thread->waits_for_word();  // without progress its wait ends
    if (failure_ == nullptr && !thread->ready() && !(idle && thread->waits_for_word())) continue;
    any_ready = true;
    current_ = thread;
    thread->fiber->resume();
    if (thread->fiber->idle()) progress_ = true;
  }
  idle_rounds_ = progress_ ? 0 : idle_rounds_ + 1;
  if (!progress_) ++all_idle_rounds_;
  return any_ready && idle_rounds_ < kMaxIdleRounds;
}

void Grid::run_thread() {
  acquire_from_sanitizer(&begin_);
  try {
    if (failure_ == nullptr) body_();
    end_thread(*current_->block);
  } catch (const Cancelled&) {
  } catch (...) {
    fail(std::current_exception());
  }
  release_to_sanitizer(&end_);
}

void Grid::end_thread(Block& block) {
  if (--block.running > 0 || push_was_lost()) return;
  for (const Requirement& requirement : block.required_at_end) {
    if ((*requirement.word & requirement.mask) == 0) continue;
    throw std::logic_error("block " + to_string(block.position) + " ends: " + requirement.what);
  }
}

void Grid::meet(Barrier& barrier) {
  throw_if_failed();
  progress_ = true;
  if (++barrier.arrived == barrier.expected) {
    barrier.arrived = 0;
    ++barrier.generation;
    return;
  }
  Thread& thread = *current_;
  thread.waits_for_generation = barrier.generation;
  thread.waits_at = &barrier;
  suspend();
  thread.waits_at = nullptr;
}

void Grid::wait(Barrier& barrier) {
  char& order = barrier.order[barrier.generation % 2];
  release_to_sanitizer(&order);
  meet(barrier);
  acquire_from_sanitizer(&order);
}

bool Grid::try_wait_while(const WordWait& wait) {
  throw_if_failed();
  if (!wait.over()) {
    Thread& thread = *current_;
    thread.word_wait = wait;
    suspend();
    thread.word_wait = {};
  }
  if (wait.over()) progress_ = true;
  return wait.over();
}

void Grid::pause() {
  check_blocks_may_wait();
  suspend();
}

void Grid::interleave() {
  if (shuffle_engine == nullptr || (*shuffle_engine)() % kInterleaveOneIn != 0) return;
  progress_ = true;
  suspend();
}

const LaneGift* Grid::exchange(const LaneGift& gift) {
  Warp& warp = *current_->warp;
  LaneGift* gifts = warp.gifts[warp.barrier.generation % 2];
  gifts[current_->lane] = gift;
  meet(warp.barrier);
  return gifts;
}

const LaneGift* Grid::exchange_in_full_warp(const LaneGift& gift) {
  const unsigned lanes = current_->warp->barrier.expected;
  if (lanes == Warp::kLanes) return exchange(gift);
  throw std::logic_error("what needs all lanes of a warp is called in one of " + std::to_string(lanes));
}

void Grid::suspend() {
  current_->fiber->suspend();
  throw_if_failed();
}

void Grid::fail(std::exception_ptr failure) {
  if (failure_ == nullptr) failure_ = std::move(failure);
}

void Grid::throw_if_failed() const {
  if (failure_ != nullptr) throw Cancelled{};
}

void Grid::check_blocks_may_wait() const {
  if (config_.cooperative || clusters_.size() == 1) return;
  throw std::logic_error("blocks wait for each other in a grid of " + std::to_string(clusters_.size()) +
                         " clusters that is not cooperative: perhaps they do not run at once");
}

std::string Grid::describe_waiting(const std::vector<Thread*>& alive) const {
  std::string text = "deadlock: " + std::to_string(alive.size()) + " of " + std::to_string(threads_.size()) +
                     " threads wait for others that never arrive:";
  for (std::size_t k = 0; k < std::min(alive.size(), kNamedThreads); ++k) {
    const Thread& thread = *alive[k];
    text += (k == 0 ? " thread " : ", thread ") + to_string(thread.place.thread) + " of block " +
            to_string(thread.place.block) + " " + describe_wait(thread);
  }
  return text + (alive.size() > kNamedThreads ? ", ..." : "");
}

}  // namespace rondo::test::simt
