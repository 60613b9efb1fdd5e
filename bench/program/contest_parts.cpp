#include "program/contest_parts.h"

#include <algorithm>
#include <cmath>
#include <regex>

#include "cuda/runtime/calls.h"
#include "rondo/vocabulary/error.h"

namespace rondo::bench {
namespace {

constexpr int kUnrecordedRounds = 2;
constexpr int kFewestRounds = 5;
constexpr double kMostRunsPerRound = 1000;

std::int64_t replayed_graphs = 0;

}  // namespace

double seconds_since(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

ReplayCount::ReplayCount() {
  replayed_graphs = 0;
  cuda_runtime::observe_calls(
      [](cuda_runtime::Call call) { replayed_graphs += call == cuda_runtime::Call::replay_graph; });
}

ReplayCount::~ReplayCount() { cuda_runtime::observe_calls(nullptr); }

std::int64_t ReplayCount::get() const { return replayed_graphs; }

std::string reason_in(const std::string& message, const std::string& executor) {
  const std::string declined = executor + " declined: ";
  const std::size_t begin = message.find(declined);
  if (begin == std::string::npos) return message;
  const std::size_t reason = begin + declined.size();
  return message.substr(reason, message.find('\n', reason) - reason);
}

bool is_wanted(const std::string& executor, const std::string& pattern) {
  return pattern.empty() || std::regex_search(executor, std::regex(pattern));
}

void check_stalls(Session& session) {
  const SessionStatus status = session.finish();
  if (status.stalled) throw RuntimeError("a run stalled: " + to_string(status.stall));
}

int runs_per_turn(const ContestOptions& options, double run_ms) {
  return static_cast<int>(std::clamp(std::ceil(options.round_ms / run_ms), 1.0, kMostRunsPerRound));
}

void play_rounds(const ContestOptions& options, std::size_t competitors,
                 const std::function<void(std::size_t, bool)>& turn) {
  const auto begin = std::chrono::steady_clock::now();
  for (int round = -kUnrecordedRounds; round < options.rounds; ++round) {
    if (round >= kFewestRounds && seconds_since(begin) > options.seconds_per_point) break;
    for (std::size_t k = 0; k < competitors; ++k) {
      turn((static_cast<std::size_t>(round + kUnrecordedRounds) + k) % competitors, round >= 0);
    }
  }
}

const Tensor& SharedMemory::of(std::size_t bytes) {
  const auto needed = std::max<std::int64_t>(static_cast<std::int64_t>(bytes), 1);
  if (!memory_.defined() || memory_.numel() < needed) memory_ = Tensor::empty({needed}, DType::u8, device_);
  return memory_;
}

}  // namespace rondo::bench
