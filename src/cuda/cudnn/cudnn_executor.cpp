#include <array>
#include <mutex>
#include <optional>

#include "cuda/cudnn/cudnn_backward.h"
#include "cuda/cudnn/cudnn_executors.h"
#include "cuda/cudnn/cudnn_reserve.h"
#include "cuda/cudnn/cudnn_runner.h"
#include "cuda/cudnn/cudnn_support.h"

namespace rondo {
namespace {

class CudnnDecision final : public Decision {
 public:
  CudnnDecision(CudnnAlgorithm algorithm, const RecurrenceSpec& spec) : algorithm_(algorithm), spec_(spec) {}

  // What cuDNN needs it tells on the device alone, so that the runner allocates it.
  std::size_t workspace_bytes() const override { return 0; }

  std::optional<std::size_t> own_reserve_bytes() const override {
    if (spec_.keep == Keep::nothing) return std::nullopt;
    const std::lock_guard lock(mutex_);
    if (!reserve_bytes_) {
      reserve_bytes_ = cudnn_reserve(spec_, cudnn_reserve_bytes(cudnn_config(algorithm_, spec_)), nullptr).bytes;
    }
    return reserve_bytes_;
  }

  MadeRunner make_runner(const RunnerRequest& request) const override {
    return {.runner = make_cudnn_runner(algorithm_, request)};
  }

 private:
  const CudnnAlgorithm algorithm_;
  const RecurrenceSpec spec_;
  mutable std::mutex mutex_;
  mutable std::optional<std::size_t> reserve_bytes_;  ///< asked once: each session asks before each run
};

class CudnnExecutor final : public Executor {
 public:
  explicit CudnnExecutor(CudnnAlgorithm algorithm) : algorithm_(algorithm) {}

  std::string_view name() const override { return cudnn_executor_name(algorithm_); }

  Answer decide(const RecurrenceSpec& spec, const DeviceProperties&) const override {
    if (const std::optional<Refusal> refusal = cudnn_refusal(algorithm_, spec)) return *refusal;
    return std::make_shared<CudnnDecision>(algorithm_, spec);
  }

  std::optional<Refusal> refuse_to_keep(const RecurrenceSpec& spec) const override {
    return cudnn_refusal_to_keep(spec);
  }

  KeptLayout kept_layout() const override { return KeptLayout::own; }

  BackwardAnswer decide_backward(const RecurrenceSpec& spec, const DeviceProperties&) const override {
    return decide_cudnn_backward(algorithm_, spec);
  }

 private:
  const CudnnAlgorithm algorithm_;
};

}  // namespace

std::span<const Executor* const> cudnn_executors() {
  static const CudnnExecutor standard(CudnnAlgorithm::standard);
  static const CudnnExecutor persist_static(CudnnAlgorithm::persist_static);
  static const CudnnExecutor persist_dynamic(CudnnAlgorithm::persist_dynamic);
  static const CudnnExecutor small_h(CudnnAlgorithm::persist_static_small_h);
  static const std::array<const Executor*, 4> executors{&standard, &persist_static, &persist_dynamic, &small_h};
  return executors;
}

}  // namespace rondo
