/// Times the work queued on a stream: by events in the stream on a CUDA device, by the host's clock on the CPU.
#pragma once

#include <chrono>
#include <optional>

#include "cuda/runtime/runtime.h"
#include "rondo/vocabulary/device.h"

namespace rondo::bench {

class Stopwatch {
 public:
  explicit Stopwatch(Stream stream);

  /// Marks the beginning, behind all work queued so far.
  void start();
  /// Marks the end, waits for it, and returns the time since the beginning.
  double stop_milliseconds();

 private:
  struct Events {
    cuda_runtime::Event begin;
    cuda_runtime::Event end;
    explicit Events(Device device) : begin(device), end(device) {}
  };

  Stream stream_;
  std::optional<Events> events_;
  std::chrono::steady_clock::time_point begin_;
};

/// The stream that a benchmark runs on: a new stream on a CUDA device.
class BenchStream {
 public:
  explicit BenchStream(Device device) : stream_{device} {
    if (device.type == DeviceType::cuda) stream_ = owned_.emplace(device).get();
  }
  Stream get() const { return stream_; }

 private:
  Stream stream_;
  std::optional<cuda_runtime::OwnedStream> owned_;
};

}  // namespace rondo::bench
