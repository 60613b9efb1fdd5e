/// What contests of runs and of training steps have in common.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>

#include "program/contest.h"
#include "rondo/tensor/tensor.h"

namespace rondo::bench {

inline constexpr const char* kReplayed = "replayed";
// The 16-bit outputs of two correct executors differ by well below a percent after many steps.
inline constexpr double kDisagreement = 0.05;

double seconds_since(std::chrono::steady_clock::time_point begin);

/// Counts the graphs that are replayed while the counter lives, because the session decides whether it replays.
class ReplayCount {
 public:
  ReplayCount();
  ~ReplayCount();
  ReplayCount(const ReplayCount&) = delete;
  ReplayCount& operator=(const ReplayCount&) = delete;

  std::int64_t get() const;
};

/// The part of a plan's message that concerns `executor`.
std::string reason_in(const std::string& message, const std::string& executor);

/// Whether the pattern, a regular expression, is found in the executor's name; an empty one is.
bool is_wanted(const std::string& executor, const std::string& pattern);

/// Throws where a run has stalled: the session repeats it, and does all later runs, without this executor's kernel.
void check_stalls(Session& session);

/// How many runs of this length make a turn.
int runs_per_turn(const ContestOptions& options, double run_ms);

/// Calls `turn(competitor, counts)` for all competitors in each round, so that a change of the clocks affects all of
/// them. Each round begins with another competitor, so that the order varies. The first rounds do not count.
void play_rounds(const ContestOptions& options, std::size_t competitors,
                 const std::function<void(std::size_t, bool)>& turn);

/// Memory that sessions share which run on one stream. A session keeps an earlier, smaller one alive.
class SharedMemory {
 public:
  explicit SharedMemory(Device device) : device_(device) {}
  const Tensor& of(std::size_t bytes);

 private:
  Device device_;
  Tensor memory_;
};

}  // namespace rondo::bench
