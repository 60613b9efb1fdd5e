#include "rondo/tensor/thread_pool.h"

#include <algorithm>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "cpu/threads/spin.h"
#include "rondo/vocabulary/device.h"
#include "rondo/vocabulary/error.h"

namespace rondo {
namespace {

class WorkerPool final : public ThreadPool {
 public:
  explicit WorkerPool(int threads) : workers_(static_cast<std::size_t>(threads - 1)) {
    for (std::size_t index = 0; index < workers_.size(); ++index) {
      workers_[index].thread = std::thread([this, index] { serve(index); });
    }
  }

  ~WorkerPool() override {
    work_ = {};  // no part: the end
    for (Worker& worker : workers_) worker.wake();
    for (Worker& worker : workers_) worker.thread.join();
  }

  int size() const override { return static_cast<int>(workers_.size()) + 1; }

  void run(int most, Part part, void* work) override {
    const int count = std::min(most, size());
    if (count <= 1 || occupied_.test_and_set(std::memory_order_acquire)) {
      part(work, 0, 1);
      return;
    }
    work_ = {part, work, count};
    under_way_.store(count - 1, std::memory_order_relaxed);
    for (int index = 0; index < count - 1; ++index) workers_[static_cast<std::size_t>(index)].wake();
    part(work, 0, count);
    spin_until([&] { return under_way_.load(std::memory_order_acquire) == 0; });
    occupied_.clear(std::memory_order_release);
  }

 private:
  struct alignas(64) Worker {
    std::thread thread;
    std::atomic<std::uint32_t> runs = 0;

    void wake() {
      runs.fetch_add(1, std::memory_order_release);
      runs.notify_one();
    }
  };

  struct Work {
    Part part = nullptr;
    void* data = nullptr;
    int count = 0;
  };

  void serve(std::size_t index) {
    Worker& worker = workers_[index];
    for (std::uint32_t seen = 0;; ++seen) {
      worker.runs.wait(seen, std::memory_order_acquire);
      const Work work = work_;
      if (work.part == nullptr) return;
      work.part(work.data, static_cast<int>(index) + 1, work.count);
      under_way_.fetch_sub(1, std::memory_order_release);
    }
  }

  Work work_;
  std::vector<Worker> workers_;
  std::atomic<int> under_way_ = 0;
  std::atomic_flag occupied_ = ATOMIC_FLAG_INIT;
};

struct DefaultPool {
  std::mutex mutex;
  std::shared_ptr<ThreadPool> pool;
};

// Never destroyed: threads of it may wait in it when the program ends.
DefaultPool& default_pool() {
  static DefaultPool* const instance = new DefaultPool;
  return *instance;
}

}  // namespace

std::shared_ptr<ThreadPool> make_thread_pool(int threads) {
  if (threads < 1) throw ValueError("threads", std::to_string(threads), "at least 1");
  return std::make_shared<WorkerPool>(threads);
}

std::shared_ptr<ThreadPool> default_thread_pool() {
  DefaultPool& current = default_pool();
  const std::lock_guard lock(current.mutex);
  if (current.pool == nullptr) current.pool = make_thread_pool(properties_of(cpu()).processors);
  return current.pool;
}

void set_default_thread_pool(std::shared_ptr<ThreadPool> pool) {
  DefaultPool& current = default_pool();
  const std::lock_guard lock(current.mutex);
  current.pool = std::move(pool);
}

}  // namespace rondo
