/// A request between its submission and its answer.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>

#include "rondo/serving/stream_batcher.h"

namespace rondo {

using ServingClock = std::chrono::steady_clock;

struct WaitingRequest {
  std::uint64_t number = 0;
  Tensor x;  ///< (steps, I), row-major, on the CPU
  bool start = false;
  bool end = false;
  StreamBatcher::Done done;
  ServingClock::time_point submitted = {};
  std::int64_t taken = 0;    ///< steps that calls of the pool have taken
  StreamAnswer answer = {};  ///< its y, (steps, O), is there from the beginning

  std::int64_t steps() const { return x.size(0); }

  void refuse(StreamOutcome outcome, std::string message) {
    answer = {.outcome = outcome, .message = std::move(message)};
  }
};

}  // namespace rondo
