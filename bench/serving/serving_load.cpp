// Loads for a batcher, and the times that its answers take.

#include "serving/serving_load.h"

#include <atomic>
#include <chrono>
#include <cstdio>
#include <exception>
#include <random>
#include <span>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

#include "rondo/serving/stream_batcher.h"
#include "serving/serving_parts.h"

namespace {

using namespace rondo;
using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point begin) { return std::chrono::duration<double>(Clock::now() - begin).count(); }

class Load {
 public:
  Load(const PeerProblem& problem, const ServingLoad& load)
      : load_(load),
        streams_(static_cast<std::uint64_t>(problem.B)),
        x_(Tensor::borrow(std::span(const_cast<float*>(problem.x), static_cast<std::size_t>(problem.B * problem.I)),
                          {problem.B, problem.I})),
        batcher_(bench::pool_of(problem), {.max_delay = std::chrono::microseconds(load.max_delay_microseconds),
                                           .max_waiting = load.steps + problem.B}) {}

  ServingResult run() {
    start_streams();
    const StreamMetrics before = batcher_.metrics();
    const Clock::time_point begin = Clock::now();
    if (load_.rate > 0) {
      send_at_random_times(begin);
    } else {
      sent_ = static_cast<std::int64_t>(streams_);
      for (std::uint64_t stream = 0; stream < streams_; ++stream) send_next(stream, static_cast<std::int64_t>(stream));
    }
    batcher_.drain();
    const double seconds = seconds_since(begin);
    if (failed_) throw std::runtime_error("a step was not answered");
    const StreamMetrics after = batcher_.metrics();
    return {
        .seconds = seconds,
        .rows_a_call = static_cast<double>(after.rows - before.rows) / static_cast<double>(after.calls - before.calls)};
  }

 private:
  void start_streams() {
    for (std::uint64_t stream = 0; stream < streams_; ++stream) {
      batcher_.submit(request(stream, true), [this](const StreamAnswer& answer) { check(answer); });
    }
    batcher_.drain();
  }

  StreamRequest request(std::uint64_t stream, bool start) const {
    const auto row = static_cast<std::int64_t>(stream);
    return {.stream = stream, .x = x_.slice(0, row, row + 1), .start = start};
  }

  void check(const StreamAnswer& answer) {
    if (answer.outcome != StreamOutcome::done) failed_ = true;
  }

  // Step `index` of the load, and the stream's further ones after its answer.
  void send_next(std::uint64_t stream, std::int64_t index) {
    const Clock::time_point begin = Clock::now();
    batcher_.submit(request(stream, false), [this, stream, index, begin](const StreamAnswer& answer) {
      check(answer);
      load_.latencies[index] = seconds_since(begin);
      const std::int64_t next = sent_.fetch_add(1);
      if (next < load_.steps) send_next(stream, next);
    });
  }

  // The time between two steps of all streams is exponential, as where many clients know nothing of each other.
  void send_at_random_times(Clock::time_point begin) {
    std::mt19937_64 engine(1);
    std::exponential_distribution<double> between(load_.rate);
    std::uniform_int_distribution<std::uint64_t> stream(0, streams_ - 1);
    double due_seconds = 0;
    for (std::int64_t index = 0; index < load_.steps; ++index) {
      due_seconds += between(engine);
      const auto due = begin + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(due_seconds));
      std::this_thread::sleep_until(due);
      batcher_.submit(request(stream(engine), false), [this, index, due](const StreamAnswer& answer) {
        check(answer);
        load_.latencies[index] = seconds_since(due);
      });
    }
  }

  const ServingLoad& load_;
  const std::uint64_t streams_;
  const Tensor x_;
  std::atomic<std::int64_t> sent_ = 0;
  std::atomic<bool> failed_ = false;
  StreamBatcher batcher_;  // the last member: it answers until it is gone
};

}  // namespace

ServingResult serving_load(const PeerProblem* problem, const ServingLoad* load) try {
  if (load->steps < problem->B) throw std::runtime_error("a load has a step of each stream at least");
  return Load(*problem, *load).run();
} catch (const std::exception& error) {
  std::fprintf(stderr, "rondo: %s\n", error.what());
  return {.seconds = -1, .rows_a_call = 0};
}
