#include "cpu/fused/fused_backward.h"

#include <memory>
#include <vector>

#include "cpu/fused/backward/rerun.h"
#include "cpu/fused/backward/worker.h"
#include "cpu/fused/flush_denormals.h"
#include "rondo/tensor/thread_pool.h"
#include "vocabulary/fork.h"

namespace rondo::fused {
namespace {

class FusedBackwardRunner final : public BackwardRunner {
 public:
  FusedBackwardRunner(const RunnerRequest& request, const KernelTable& kernels)
      : spec_(request.spec),
        kernels_(kernels),
        shape_(spec_, kernels.lanes),
        weights_(request, shape_, kernels.lanes),
        pool_(default_thread_pool()),
        threads_(partition(spec_, request.properties.processors).threads()),
        barriers_(static_cast<std::size_t>(threads_) + 1) {
    if (spec_.keep != Keep::gates) forward_weights_.emplace(request, kernels.lanes);
  }

  void run(const GradientBuffers& buffers, void* workspace) override {
    Run run{*this, buffers, workspace};
    if (threads_ == 1) {
      run_worker(&run, 0, 1);
    } else {
      free_barriers();
      pool_->run(threads_, run_worker, &run);
    }
  }

 private:
  struct Run {
    FusedBackwardRunner& runner;
    const GradientBuffers& buffers;
    void* workspace;
  };

  // The parent process may have been in a run at fork(): its barriers then count threads that the child does not have.
  void free_barriers() {
    if (generation_ == fork_generation()) return;
    for (SpinBarrier& barrier : barriers_) std::construct_at(&barrier);
    generation_ = fork_generation();
  }

  static void run_worker(void* work, int index, int count) {
    const Run& run = *static_cast<Run*>(work);
    FusedBackwardRunner& runner = run.runner;
    const Partition partition = fused::partition(runner.spec_, count);
    if (index >= partition.threads()) return;  // the work is not worth all threads
    const FlushDenormals flush_denormals;
    run_gradient_worker({.spec = runner.spec_,
                         .shape = runner.shape_,
                         .kernels = runner.kernels_,
                         .weights = runner.weights_,
                         .forward_weights = runner.forward_weights_ ? &*runner.forward_weights_ : nullptr,
                         .buffers = run.buffers,
                         .workspace = run.workspace,
                         .partition = partition,
                         .index = index,
                         .group_barrier = runner.barriers_[static_cast<std::size_t>(index / partition.unit_groups)],
                         .barrier = runner.barriers_.back()});
  }

  const RecurrenceSpec spec_;
  const KernelTable& kernels_;
  const GradientShape shape_;
  const TransposedWeights weights_;
  std::optional<PackedWeights> forward_weights_;
  const std::shared_ptr<ThreadPool> pool_;
  const int threads_;
  std::vector<SpinBarrier> barriers_;             ///< of the groups of rows, and of all parts
  std::uint64_t generation_ = fork_generation();  ///< the process that last used the barriers
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

  std::unique_ptr<BackwardRunner> make_runner(const RunnerRequest& request) const override {
    return std::make_unique<FusedBackwardRunner>(request, kernels_);
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
