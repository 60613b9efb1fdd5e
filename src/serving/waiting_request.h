/// A request between its submission and its answer.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "rondo/serving/stream_batcher.h"

namespace rondo {

using ServingClock = std::chrono::steady_clock;

/// What a request asks for.
enum class StreamAction : std::uint8_t { step, export_state, import_state };

struct WaitingRequest {
  std::uint64_t number = 0;
  StreamAction action = StreamAction::step;
  Tensor x;                      ///< (steps, I), row-major, on the CPU; undefined where there are no steps to make
  std::vector<std::byte> state;  ///< to import
  bool start = false;
  bool end = false;
  bool wants_state = false;  ///< after its steps
  StreamBatcher::Done done;
  ServingClock::time_point submitted = {};
  std::int64_t taken = 0;    ///< steps that calls of the pool have taken
  StreamAnswer answer = {};  ///< its y, (steps, O), is there from the beginning

  std::int64_t steps() const { return action == StreamAction::step ? x.size(0) : 0; }
  /// Whether it ends its stream without a step.
  bool ends_at_once() const { return action == StreamAction::step && steps() == 0; }

  void refuse(StreamOutcome outcome, std::string message) {
    answer = {.outcome = outcome, .message = std::move(message)};
  }
};

/// A request that is submitted now.
inline std::unique_ptr<WaitingRequest> new_request(StreamAction action, StreamBatcher::Done done) {
  auto request = std::make_unique<WaitingRequest>();
  request->action = action;
  request->done = std::move(done);
  request->submitted = ServingClock::now();
  return request;
}

/// Gives the request's owner its answer.
inline void give_answer(WaitingRequest& request) noexcept {
  try {
    if (request.done) request.done(std::move(request.answer));
  } catch (...) {  // a client's mistake must not end the other streams
  }
  request.done = nullptr;
}

}  // namespace rondo
