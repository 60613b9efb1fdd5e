#include "instance.h"

#include <chrono>

#include "call.h"
#include "processor_time.h"

namespace rondo::triton {
namespace {

std::uint64_t now() {
  const auto since = std::chrono::steady_clock::now().time_since_epoch();
  return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(since).count());
}

std::string name_of(abi::Instance* instance) {
  const char* name = nullptr;
  check(abi::TRITONBACKEND_ModelInstanceName(instance, &name));
  return name;
}

Device device_of(abi::Instance* instance) {
  auto kind = abi::InstanceKind::automatic;
  check(abi::TRITONBACKEND_ModelInstanceKind(instance, &kind));
  if (kind == abi::InstanceKind::cpu) return cpu();
  if (kind != abi::InstanceKind::gpu) throw ValueError("instance_group kind", "KIND_MODEL", "KIND_CPU or KIND_GPU");
  std::int32_t number = 0;
  check(abi::TRITONBACKEND_ModelInstanceDeviceId(instance, &number));
  check_device(cuda(number));
  return cuda(number);
}

}  // namespace

/// Nanoseconds of the monotonic clock.
struct ModelInstance::Times {
  std::uint64_t start = 0;
  std::uint64_t compute_start = 0;
  std::uint64_t compute_end = 0;
  std::uint64_t end = 0;
  std::chrono::nanoseconds processor = {};  ///< of this thread until the end of the computation
};

ModelInstance::ModelInstance(abi::Instance* instance, const ServedModel& model, std::uint64_t version)
    : instance_(instance),
      config_(model.config),
      runner_(make_runner(model, device_of(instance))),
      metrics_(model.config.name, version, name_of(instance)) {
  requests_.reserve(static_cast<std::size_t>(config_.max_batch_size));
  log(abi::LogLevel::info, "rondo: " + name_of(instance) + " from " + model.file.string() + "\n" + runner_->explain());
}

void ModelInstance::execute(std::span<abi::Request* const> requests) {
  Times times{.start = now()};
  const auto processor_start = thread_processor_time();
  requests_.clear();
  Tally tally;
  for (abi::Request* const request : requests) requests_.emplace_back(request, config_);
  times.compute_start = now();
  run(tally);
  times.compute_end = now();
  times.processor = thread_processor_time() - processor_start;
  answer(tally, times);
}

void ModelInstance::run(Tally& tally) {
  try {
    runner_->run(requests_, tally);
  } catch (const std::exception& error) {
    log(abi::LogLevel::error, "rondo: " + config_.name + ": " + error.what());
    for (Request& request : requests_) request.fail(error.what(), abi::ErrorCode::internal);
  }
}

void ModelInstance::answer(Tally& tally, Times& times) {
  for (Request& request : requests_) {
    try {
      request.send();
    } catch (const std::exception& error) {  // the client is gone
      log(abi::LogLevel::warning, "rondo: " + config_.name + ": " + error.what());
    }
  }
  times.end = now();
  report(tally, times);
  for (Request& request : requests_) request.release();
}

void ModelInstance::report(const Tally& tally, const Times& times) {
  std::int64_t rows = 0;
  std::int64_t refused = 0;
  for (const Request& request : requests_) {
    if (!request.is_ready()) continue;
    note(abi::TRITONBACKEND_ModelInstanceReportStatistics(instance_, request.get(), !request.failed(), times.start,
                                                          times.compute_start, times.compute_end, times.end));
    if (request.failed()) {
      ++refused;
    } else {
      rows += request.rows();
    }
  }
  if (rows > 0) {
    note(abi::TRITONBACKEND_ModelInstanceReportBatchStatistics(instance_, static_cast<std::uint64_t>(rows), times.start,
                                                               times.compute_start, times.compute_end, times.end));
  }
  metrics_.add(tally, {.refused = refused,
                       .backend_processor = times.processor - tally.processor_in_calls,
                       .sending = std::chrono::nanoseconds(times.end - times.compute_end)});
}

}  // namespace rondo::triton
