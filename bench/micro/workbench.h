/// What a measured kernel runs on: a stream, memory, and the word that it sets when it gives up waiting.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>

#include "cuda/device/launch_config.h"
#include "micro/micro_case.h"
#include "micro/rounds.h"
#include "program/stopwatch.h"
#include "rondo/tensor/stream.h"
#include "rondo/tensor/tensor.h"

namespace rondo::bench {

class MicroRecord;

/// Threads of every measured block, except blocks that measure products.
inline constexpr unsigned kMicroThreads = 256;

struct WorkbenchLimits {
  bool few_sizes = false;  ///< measures fewer sizes where there are many
  double seconds = 0;      ///< measurements after this time are skipped; 0: no limit
};

class Workbench {
 public:
  Workbench(const DeviceProperties& device, const RoundOptions& options, MicroRecord& record,
            const WorkbenchLimits& limits = {});

  const DeviceProperties& device() const { return device_; }
  Stream stream() const { return stream_.get(); }
  bool few_sizes() const { return limits_.few_sizes; }

  /// One row of threads in each block, and enough shared memory, at least `shared_bytes`, that no two blocks share a
  /// multiprocessor. Persistent kernels also have one block per multiprocessor.
  device::LaunchConfig layout(unsigned blocks, std::size_t shared_bytes = 0, unsigned threads = kMicroThreads) const;

  /// `bytes` bytes of random numbers in [-1, 1] of `dtype`.
  Tensor random_bytes(std::size_t bytes, DType dtype = DType::f32);
  Tensor zero_bytes(std::size_t bytes) const;
  /// Memory for unused results, so that the compiler keeps their computation: a word for each thread of `config`.
  Tensor sink(const device::LaunchConfig& config) const;

  /// The word that kernels set to 1 when they give up waiting.
  std::uint32_t* gave_up() const { return static_cast<std::uint32_t*>(gave_up_.data()); }

  /// Measures the kernel that `launch(rounds)` queues on stream(). Records its times, a failure, or that no time was
  /// left. Throws where the device can run nothing any more.
  void measure(const MicroCase& what, const std::function<void(unsigned rounds)>& launch);

  void skip(const MicroCase& what, const std::string& reason);

 private:
  double milliseconds_of(unsigned rounds, const std::function<void(unsigned rounds)>& launch);

  DeviceProperties device_;
  RoundOptions options_;
  MicroRecord& record_;
  WorkbenchLimits limits_;
  std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
  BenchStream stream_;
  StreamScope scope_;
  Stopwatch stopwatch_;
  std::uint64_t seed_ = 1;
  Tensor gave_up_;
};

}  // namespace rondo::bench
