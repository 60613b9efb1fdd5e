/// On which kernels are measured: a stream, memory, and the word in which a kernel says that it gave up waiting.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>

#include "cuda/device/launch_config.h"
#include "micro/record.h"
#include "micro/rounds.h"
#include "program/random_tensors.h"
#include "program/stopwatch.h"
#include "rondo/tensor/stream.h"
#include "rondo/tensor/tensor.h"

namespace rondo::bench {

/// Of every block that is measured, but where products say otherwise.
inline constexpr unsigned kMicroThreads = 256;

struct WorkbenchLimits {
  bool few_sizes = false;  ///< of everything that is measured in many
  double seconds = 0;      ///< after these nothing more is measured, but skipped; 0: no limit
};

class Workbench {
 public:
  Workbench(const DeviceProperties& device, const RoundOptions& options, MicroRecord& record,
            const WorkbenchLimits& limits = {});

  const DeviceProperties& device() const { return device_; }
  Stream stream() const { return stream_.get(); }
  bool few_sizes() const { return limits_.few_sizes; }

  /// One row of threads in each block, and so much shared memory, at least `shared_bytes`, that no two blocks share a
  /// multiprocessor: as with the kernels that this is measured for.
  device::LaunchConfig layout(unsigned blocks, std::size_t shared_bytes = 0, unsigned threads = kMicroThreads) const;

  /// Random f32 numbers in [-1, 1], or of another dtype.
  Tensor random_bytes(std::size_t bytes, DType dtype = DType::f32);
  Tensor zero_bytes(std::size_t bytes) const;
  /// Where a kernel writes what nobody reads, so that it is computed: a word for each thread of `config`.
  Tensor sink(const device::LaunchConfig& config) const;

  /// Kernels set it to 1 where they gave up waiting.
  std::uint32_t* gave_up() const { return static_cast<std::uint32_t*>(gave_up_.data()); }

  /// Measures the kernel that `launch(rounds)` queues, on stream(), and records what came of it: a failure, too, and
  /// that no time was left. Throws where the device can do nothing any more.
  void measure(const MicroCase& what, const std::function<void(unsigned rounds)>& launch);

  void skip(const MicroCase& what, const std::string& reason) { record_.add_skipped(what, reason); }

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
