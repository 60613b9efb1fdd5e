/// Children of fork(), and busy threads of the parent.
#pragma once

#include <gtest/gtest.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <exception>
#include <thread>

#include "cpu/threads/spin.h"

namespace rondo::test {

/// Whether children of fork() can start threads. In a child, the thread sanitizer still lists the parent's threads, and
/// ends the child where a new thread gets the id of one of them. The address sanitizer's allocator stays locked in a
/// child where another thread of the parent allocated memory at the time of the fork.
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
inline constexpr bool kChildrenCanStartThreads = false;
#else
inline constexpr bool kChildrenCanStartThreads = true;
#endif

inline constexpr unsigned kPatienceSeconds = 60;

/// Runs `work` in a child. Succeeds where `work` returned true. A child that hangs is killed.
template <typename Work>
pid_t start_child(Work&& work) {
  const pid_t child = fork();
  if (child != 0) return child;
  alarm(kPatienceSeconds);
  try {
    _exit(work() ? 0 : 1);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "in a child: %s\n", error.what());
    _exit(2);
  }
}

inline ::testing::AssertionResult ended_well(pid_t child) {
  int status = 0;
  if (child < 0 || waitpid(child, &status, 0) != child) return ::testing::AssertionFailure() << "no child was started";
  if (WIFSIGNALED(status)) return ::testing::AssertionFailure() << "killed by signal " << WTERMSIG(status);
  if (WEXITSTATUS(status) != 0) return ::testing::AssertionFailure() << "exit status " << WEXITSTATUS(status);
  return ::testing::AssertionSuccess();
}

template <typename Work>
::testing::AssertionResult holds_in_child(Work&& work) {
  return ended_well(start_child(work));
}

/// A thread that repeats its work for the life of this object.
class Busy {
 public:
  template <typename Work>
  explicit Busy(Work work)
      : thread_([this, work] {
          while (!stop_) {
            work();
            ++rounds_;
          }
        }) {
    spin_until([&] { return rounds_ > 0; });
  }
  ~Busy() {
    stop_ = true;
    thread_.join();
  }

 private:
  std::atomic<bool> stop_ = false;
  std::atomic<int> rounds_ = 0;
  std::thread thread_;
};

}  // namespace rondo::test
