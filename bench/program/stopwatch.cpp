#include "program/stopwatch.h"

namespace rondo::bench {

Stopwatch::Stopwatch(Stream stream) : stream_(stream) {
  if (stream.device.type == DeviceType::cuda) events_.emplace(stream.device);
}

void Stopwatch::start() {
  if (events_) {
    events_->begin.record(stream_);
  } else {
    begin_ = std::chrono::steady_clock::now();
  }
}

double Stopwatch::stop_milliseconds() {
  if (events_) {
    events_->end.record(stream_);
    events_->end.synchronize();
    return events_->end.milliseconds_since(events_->begin);
  }
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin_).count();
}

}  // namespace rondo::bench
