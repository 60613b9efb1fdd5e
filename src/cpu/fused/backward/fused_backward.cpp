#include "cpu/fused/fused_backward.h"

#include <memory>
#include <optional>

#include "cpu/fused/backward/rerun.h"
#include "cpu/fused/backward/worker.h"
#include "cpu/fused/worker_threads.h"

namespace rondo::fused {
namespace {

class FusedBackwardRunner final : public BackwardRunner {
 public:
  FusedBackwardRunner(const RunnerRequest& request, const KernelTable& kernels)
      : spec_(request.spec),
        kernels_(kernels),
        shape_(spec_, kernels.lanes),
        weights_(request, shape_, kernels.lanes),
        variant_(request, kernels.lanes),
        threads_(spec_, request.properties.processors) {
    if (spec_.keep != Keep::gates) forward_weights_.emplace(request, PanelFormat::of(request.spec, kernels));
  }

  void run(const GradientBuffers& buffers, void* workspace) override {
    threads_.run([&](const ThreadPart& part) {
      run_gradient_worker({.spec = spec_,
                           .shape = shape_,
                           .kernels = kernels_,
                           .weights = weights_,
                           .forward_weights = forward_weights_ ? &*forward_weights_ : nullptr,
                           .variant = variant_,
                           .buffers = buffers,
                           .workspace = workspace,
                           .partition = part.partition,
                           .index = part.index,
                           .group_barrier = part.group_barrier,
                           .barrier = part.barrier});
    });
  }

 private:
  const RecurrenceSpec spec_;
  const KernelTable& kernels_;
  const GradientShape shape_;
  const TransposedWeights weights_;
  std::optional<PackedWeights> forward_weights_;
  const VariantWeights variant_;
  WorkerThreads threads_;
};

class FusedBackwardDecision final : public BackwardDecision {
 public:
  FusedBackwardDecision(const RecurrenceSpec& spec, int processors, const KernelTable& kernels)
      : spec_(spec), processors_(processors), kernels_(kernels) {}

  std::size_t workspace_bytes() const override { return gradient_scratch_bytes(spec_, kernels_, processors_); }

  std::string describe() const override {
    const Partition shares = partition(spec_, processors_);
    return "threads: " + std::to_string(shares.row_groups) + " groups of rows x " + std::to_string(shares.unit_groups) +
           " of units; weights' gradients of " + std::to_string(gradient_steps(spec_)) + " steps at a time" +
           (spec_.keep == Keep::gates ? "" : "; runs " + std::to_string(rerun_steps(spec_)) + " steps again at a time");
  }

  MadeBackwardRunner make_runner(const RunnerRequest& request) const override {
    return {.runner = std::make_unique<FusedBackwardRunner>(request, kernels_)};
  }

 private:
  const RecurrenceSpec spec_;
  const int processors_;
  const KernelTable& kernels_;
};

}  // namespace

BackwardAnswer decide_fused_backward(const RecurrenceSpec& spec, int processors, const KernelTable& kernels) {
  return std::make_shared<FusedBackwardDecision>(spec, processors, kernels);
}

}  // namespace rondo::fused
