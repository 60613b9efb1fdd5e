#include "serving/stream_counters.h"

#include <chrono>
#include <numeric>

namespace rondo {
namespace {

double seconds(ServingClock::duration time) { return std::chrono::duration<double>(time).count(); }

double microseconds(ServingClock::duration time) { return std::chrono::duration<double, std::micro>(time).count(); }

void count(StreamMetrics::Histogram& histogram, double value) {
  ++histogram[static_cast<std::size_t>(bucket_of(value))];
}

}  // namespace

int bucket_of(double value) {
  int bucket = 0;
  for (double bound = 1; value > bound && bucket < StreamMetrics::kBuckets - 1; bound *= 2) ++bucket;
  return bucket;
}

void StreamCounters::count_answer(StreamOutcome outcome) { ++counted_.answers[static_cast<std::size_t>(outcome)]; }

void StreamCounters::count_taken(const StreamBatch& batch, ServingClock::time_point now) {
  counted_.evictions += static_cast<std::int64_t>(batch.evictions.size());
  for (const BatchPart& part : batch.parts) {
    if (part.first_step > 0) continue;
    const ServingClock::duration waited = now - part.request->submitted;
    count(counted_.wait_microseconds, microseconds(waited));
    counted_.wait_seconds += seconds(waited);
  }
}

void StreamCounters::count_call(const StreamBatch& batch, ServingClock::duration time) {
  if (batch.rows.empty()) return;
  const auto rows = static_cast<std::int64_t>(batch.rows.size());
  ++counted_.calls;
  counted_.rows += rows;
  counted_.steps += batch.steps;
  count(counted_.batch_rows, static_cast<double>(rows));
  count(counted_.call_microseconds, microseconds(time));
  counted_.call_seconds += seconds(time);
}

StreamMetrics StreamCounters::metrics() const {
  StreamMetrics metrics = counted_;
  metrics.requests = metrics.answers[static_cast<std::size_t>(StreamOutcome::done)];
  metrics.refused = std::accumulate(metrics.answers.begin(), metrics.answers.end(), -metrics.requests);
  return metrics;
}

}  // namespace rondo
