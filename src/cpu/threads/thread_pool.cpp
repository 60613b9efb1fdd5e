#include "rondo/tensor/thread_pool.h"

#include <algorithm>
#include <chrono>
#include <exception>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "cpu/threads/pool_scope.h"
#include "cpu/threads/processor_claims.h"
#include "cpu/threads/spin.h"
#include "rondo/vocabulary/device.h"
#include "rondo/vocabulary/error.h"
#include "vocabulary/fork.h"

namespace rondo {
namespace {

/// How long a worker waits busily for the next run before it sleeps. Runs of layers and steps follow one another within
/// a few microseconds, and waking a thread takes longer; besides, a virtual processor that halts may be moved.
constexpr std::chrono::microseconds kBetweenRuns{20};

/// The threads of a pool besides the caller's. They belong to one process: a child of fork() has none of them.
class Crew {
 public:
  explicit Crew(std::size_t workers) : workers_(workers) {
    try {
      for (std::size_t index = 0; index < workers; ++index) {
        workers_[index].thread = std::thread([this, index] { serve(index); });
      }
    } catch (...) {
      dismiss();
      throw;
    }
  }

  ~Crew() {
    if (is_here()) {
      dismiss();
    } else {
      forget();
    }
  }

  Crew(const Crew&) = delete;
  Crew& operator=(const Crew&) = delete;

  bool is_here() const { return generation_ == fork_generation(); }

  void run(ThreadPool::Part part, void* work, int count) {
    work_ = {part, work, count, work_.run + 1};
    claims_.claim(work_.run);
    under_way_.store(count - 1, std::memory_order_relaxed);
    for (int index = 0; index < count - 1; ++index) workers_[static_cast<std::size_t>(index)].wake();
    part(work, 0, count);
    spin_until([&] { return under_way_.load(std::memory_order_acquire) == 0; });
  }

 private:
  struct alignas(64) Worker {
    std::thread thread;
    std::atomic<std::uint32_t> runs = 0;
    LastMove last_move{};

    void wake() {
      runs.fetch_add(1, std::memory_order_release);
      runs.notify_one();
    }
  };

  struct Work {
    ThreadPool::Part part = nullptr;
    void* data = nullptr;
    int count = 0;
    std::uint32_t run = 0;
  };

  void dismiss() {
    work_ = {};  // a null part ends the worker
    for (Worker& worker : workers_) worker.wake();
    for (Worker& worker : workers_) {
      if (worker.thread.joinable()) worker.thread.join();
    }
  }

  // Threads of another process cannot be joined or detached, but the destructor of a joinable std::thread terminates.
  void forget() {
    for (Worker& worker : workers_) std::construct_at(&worker.thread);
  }

  void serve(std::size_t index) {
    Worker& worker = workers_[index];
    for (std::uint32_t seen = 0;; ++seen) {
      spin_for(kBetweenRuns, [&] { return worker.runs.load(std::memory_order_relaxed) != seen; });
      worker.runs.wait(seen, std::memory_order_acquire);
      const Work work = work_;
      if (work.part == nullptr) return;
      claims_.claim_alone(work.run, worker.last_move);
      work.part(work.data, static_cast<int>(index) + 1, work.count);
      under_way_.fetch_sub(1, std::memory_order_release);
    }
  }

  const std::uint64_t generation_ = fork_generation();
  Work work_;
  ProcessorClaims claims_;
  std::vector<Worker> workers_;
  std::atomic<int> under_way_ = 0;
};

class WorkerPool final : public ThreadPool {
 public:
  explicit WorkerPool(int threads) : size_(threads), crew_(new Crew(workers())) {}
  ~WorkerPool() override { delete crew_.load(std::memory_order_relaxed); }

  int size() const override { return size_; }

  void run(int most, Part part, void* work) override {
    const int count = std::min(most, size_);
    if (count <= 1 || !occupied_.take()) {
      part(work, 0, 1);
      return;
    }
    if (Crew* const crew = crew_here()) {
      crew->run(part, work, count);
    } else {
      part(work, 0, 1);
    }
    occupied_.release();
  }

 private:
  std::size_t workers() const { return static_cast<std::size_t>(size_ - 1); }

  // The crew of this process; null if a child of fork() cannot start threads.
  Crew* crew_here() {
    Crew* const crew = crew_.load(std::memory_order_relaxed);
    return crew->is_here() ? crew : renew(crew);
  }

  // Another thread may fork at any time, and the child needs a complete Crew: the old one stays until the new exists.
  Crew* renew(Crew* gone) try {
    Crew* const crew = new Crew(workers());
    crew_.store(crew, std::memory_order_release);
    delete gone;
    return crew;
  } catch (const std::exception&) {
    return nullptr;
  }

  const int size_;
  std::atomic<Crew*> crew_;  ///< replaced only by the holder of occupied_
  ForkFlag occupied_;
};

struct DefaultPool {
  ForkLock mutex;
  std::shared_ptr<ThreadPool> pool;
};

// Never destroyed: threads of the pool may wait in it when the program ends.
DefaultPool& default_pool() {
  static DefaultPool* const instance = new DefaultPool;
  return *instance;
}

thread_local const std::shared_ptr<ThreadPool>* scoped_pool = nullptr;

}  // namespace

PoolScope::PoolScope(std::shared_ptr<ThreadPool> pool) : pool_(std::move(pool)), outer_(scoped_pool) {
  if (pool_ != nullptr) scoped_pool = &pool_;
}
PoolScope::~PoolScope() { scoped_pool = outer_; }

std::shared_ptr<ThreadPool> make_thread_pool(int threads) {
  if (threads < 1) throw ValueError("threads", std::to_string(threads), "at least 1");
  return std::make_shared<WorkerPool>(threads);
}

std::shared_ptr<ThreadPool> default_thread_pool() {
  if (scoped_pool != nullptr) return *scoped_pool;
  DefaultPool& current = default_pool();
  const std::lock_guard lock(current.mutex);
  if (current.pool == nullptr) current.pool = make_thread_pool(properties_of(cpu()).processors);
  return current.pool;
}

void set_default_thread_pool(std::shared_ptr<ThreadPool> pool) {
  DefaultPool& current = default_pool();
  const std::lock_guard lock(current.mutex);
  current.pool.swap(pool);  // the argument destroys the former pool, after the lock is free
}

}  // namespace rondo
