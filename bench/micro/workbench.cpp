#include "micro/workbench.h"

#include <algorithm>

#include "micro/record.h"
#include "program/random_tensors.h"
#include "rondo/vocabulary/error.h"

namespace rondo::bench {

Workbench::Workbench(const DeviceProperties& device, const RoundOptions& options, MicroRecord& record,
                     const WorkbenchLimits& limits)
    : device_(device),
      options_(options),
      record_(record),
      limits_(limits),
      stream_(device.device),
      scope_(stream_.get()),
      stopwatch_(stream_.get()),
      gave_up_(Tensor::zeros({1}, DType::i32, device.device)) {}

device::LaunchConfig Workbench::layout(unsigned blocks, std::size_t shared_bytes, unsigned threads) const {
  constexpr std::size_t kMoreThanHalf = 120 * 1024;
  const std::size_t alone = std::min(kMoreThanHalf, device_.shared_bytes_per_block);
  return {.grid = {blocks}, .block = {threads}, .shared_bytes = std::max(shared_bytes, alone), .stream = stream()};
}

Tensor Workbench::random_bytes(std::size_t bytes, DType dtype) {
  return RandomTensors(seed_++, {dtype}, device_.device)({static_cast<std::int64_t>(bytes / size_of(dtype))}, 1.0);
}

Tensor Workbench::zero_bytes(std::size_t bytes) const {
  return Tensor::zeros({static_cast<std::int64_t>(bytes / sizeof(std::int32_t))}, DType::i32, device_.device);
}

Tensor Workbench::sink(const device::LaunchConfig& config) const {
  return zero_bytes(std::size_t{config.grid.x} * config.block.x * sizeof(std::uint32_t));
}

void Workbench::measure(const MicroCase& what, const std::function<void(unsigned rounds)>& launch) {
  const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - begin_;
  if (limits_.seconds > 0 && passed.count() > limits_.seconds) return skip(what, "no time was left");
  try {
    record_.add(what, time_rounds([&](unsigned rounds) { return milliseconds_of(rounds, launch); }, options_));
  } catch (const Error& error) {
    record_.add_failure(what, error.what());
    record_.save();
    synchronize(stream());
  }
  record_.save();
}

double Workbench::milliseconds_of(unsigned rounds, const std::function<void(unsigned rounds)>& launch) {
  stopwatch_.start();
  launch(rounds);
  const double milliseconds = stopwatch_.stop_milliseconds();
  if (gave_up_.item() != 0) {
    gave_up_.fill(0);
    throw RuntimeError("a thread gave up waiting for another one");
  }
  return milliseconds;
}

void Workbench::skip(const MicroCase& what, const std::string& reason) { record_.add_skipped(what, reason); }

}  // namespace rondo::bench
