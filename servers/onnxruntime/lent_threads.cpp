#include "lent_threads.h"

#include <algorithm>
#include <chrono>

#include "counts.h"
#include "cpu/threads/spin.h"
#include "rondo/vocabulary/device.h"

namespace rondo::ort {
namespace {

constexpr std::chrono::microseconds kPatience{20};
constexpr std::uint32_t kTries = 3;    // in which no other thread has come
constexpr std::uint32_t kSeldom = 64;  // then one run of so many asks again

thread_local const Call* current_call = nullptr;

/// The threads that have come to share a piece of work.
class Meeting {
 public:
  Meeting(int wanted, ThreadPool::Part part, void* work)
      : wanted_(static_cast<std::uint32_t>(wanted)), part_(part), work_(work) {}

  void attend() noexcept {
    std::uint32_t state = state_.load(std::memory_order_relaxed);
    do {
      if ((state & kClosed) != 0) return;
    } while (!state_.compare_exchange_weak(state, state + 1 == wanted_ ? (state + 1) | kClosed : state + 1,
                                           std::memory_order_acq_rel));
    if (state == 0) {
      const auto latest = std::chrono::steady_clock::now() + kPatience;
      spin_until([&] { return is_closed() || std::chrono::steady_clock::now() > latest; });
      state_.fetch_or(kClosed, std::memory_order_acq_rel);
    } else {
      spin_until([&] { return is_closed(); });
    }
    part_(work_, static_cast<int>(state), count());
  }

  int count() const { return static_cast<int>(state_.load(std::memory_order_acquire) & ~kClosed); }

 private:
  static constexpr std::uint32_t kClosed = std::uint32_t{1} << 31;

  bool is_closed() const { return (state_.load(std::memory_order_acquire) & kClosed) != 0; }

  const std::uint32_t wanted_;
  const ThreadPool::Part part_;
  void* const work_;
  std::atomic<std::uint32_t> state_ = 0;  // how many have come; kClosed, once no more may come
};

}  // namespace

LentThreads::Use::Use(const Call& call) : outer_(current_call) { current_call = &call; }
LentThreads::Use::~Use() { current_call = outer_; }

int LentThreads::size() const { return properties_of(cpu()).processors; }

bool LentThreads::is_worth_asking() {
  const std::uint32_t alone = alone_.load(std::memory_order_relaxed);
  if (alone < kTries) return true;
  alone_.store(alone + 1 == kTries + kSeldom ? kTries : alone + 1, std::memory_order_relaxed);
  return alone == kTries;
}

void LentThreads::run(int most, Part part, void* work) {
  if (most <= 1 || current_call == nullptr || !is_worth_asking()) return part(work, 0, 1);
  Meeting meeting(most, part, work);
  const OrtApi& api = current_call->runtime().api();
  OrtStatus* const status = api.KernelContext_ParallelFor(
      &current_call->context(), [](void* attended, std::size_t) { static_cast<Meeting*>(attended)->attend(); },
      static_cast<std::size_t>(most), 0, &meeting);
  if (status != nullptr) api.ReleaseStatus(status);
  if (meeting.count() == 0) return part(work, 0, 1);
  if (meeting.count() > 1) {
    tally(Counted::shared_runs);
    alone_.store(0, std::memory_order_relaxed);
  } else if (alone_.load(std::memory_order_relaxed) < kTries) {
    alone_.fetch_add(1, std::memory_order_relaxed);
  }
}

}  // namespace rondo::ort
