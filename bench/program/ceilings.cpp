#include "program/ceilings.h"

#include <cstdio>
#include <functional>

#include "program/random_tensors.h"
#include "program/statistics.h"
#include "program/stopwatch.h"
#include "rondo/ops/ops.h"
#include "rondo/tensor/stream.h"
#include "rondo/vocabulary/error.h"

namespace rondo::bench {
namespace {

constexpr int kUnrecorded = 3;
constexpr int kRecorded = 10;

/// The median time of some calls of `work`, each timed alone.
double milliseconds_of(Stream stream, const std::function<void()>& work) {
  Stopwatch stopwatch(stream);
  std::vector<double> milliseconds;
  for (int k = -kUnrecorded; k < kRecorded; ++k) {
    stopwatch.start();
    work();
    const double passed = stopwatch.stop_milliseconds();
    if (k >= 0) milliseconds.push_back(passed);
  }
  return spread_of(milliseconds).median;
}

}  // namespace

Ceilings measure_ceilings(const DeviceProperties& device) {
  constexpr std::int64_t kBytes = std::int64_t{1} << 30;
  constexpr std::int64_t kSide = 8192;
  constexpr double kFlops = 2.0 * kSide * kSide * kSide;
  const BenchStream stream(device.device);
  const StreamScope scope(stream.get());
  Ceilings ceilings;
  {
    // Random numbers, because a device may be faster with zeros.
    const Tensor source = RandomTensors(1, {.dtype = DType::bf16}, device.device)({kBytes / 2}, 1.0);
    const Tensor target = Tensor::empty({kBytes / 2}, DType::bf16, device.device);
    const double ms = milliseconds_of(stream.get(), [&] { target.copy_from(source); });
    ceilings.copy_gigabytes_per_second = 2.0 * static_cast<double>(kBytes) / ms * 1e-6;
  }
  try {
    RandomTensors random(1, {.dtype = DType::bf16}, device.device);
    const Tensor a = random({kSide, kSide}, 1.0);
    const Tensor b = random({kSide, kSide}, 1.0);
    const double ms = milliseconds_of(stream.get(), [&] { (void)matmul(a, b); });
    ceilings.matmul_teraflops = kFlops / ms * 1e-9;
  } catch (const Error& error) {
    std::fprintf(stderr, "rondo_bench: no product measured: %s\n", error.what());
  }
  return ceilings;
}

}  // namespace rondo::bench
