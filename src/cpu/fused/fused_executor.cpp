#include "cpu/fused/fused_executor.h"

#include <memory>
#include <vector>

#include "cpu/fused/flush_denormals.h"
#include "cpu/fused/fused_backward.h"
#include "cpu/fused/worker.h"
#include "rondo/tensor/thread_pool.h"
#include "vocabulary/fork.h"

namespace rondo {
namespace {

using fused::Partition;

class FusedRunner final : public Runner {
 public:
  FusedRunner(const RunnerRequest& request, const fused::KernelTable& kernels)
      : spec_(request.spec),
        kernels_(kernels),
        weights_(request, kernels_.lanes),
        pool_(default_thread_pool()),
        threads_(fused::partition(spec_, request.properties.processors).threads()),
        barriers_(static_cast<std::size_t>(threads_)) {}

  void run(const RecurrenceBuffers& buffers, void* workspace) override {
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
    FusedRunner& runner;
    const RecurrenceBuffers& buffers;
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
    FusedRunner& runner = run.runner;
    const Partition partition = fused::partition(runner.spec_, count);
    if (index >= partition.threads()) return;  // the work is not worth all threads
    const RecurrenceSpec& spec = runner.spec_;
    KeptSteps kept;
    if (spec.keep != Keep::nothing) kept = {reserve_layout(spec, run.buffers.x.packed_rows), run.buffers.reserve};
    const fused::FlushDenormals flush_denormals;
    fused::run_worker({.spec = spec,
                       .kernels = runner.kernels_,
                       .weights = runner.weights_,
                       .buffers = run.buffers,
                       .workspace = run.workspace,
                       .partition = partition,
                       .index = index,
                       .barrier = runner.barriers_[static_cast<std::size_t>(index / partition.unit_groups)],
                       .steps = {0, static_cast<std::int32_t>(spec.T)},
                       .kept = kept,
                       .initial_dtype = spec.dtype});
  }

  const RecurrenceSpec spec_;
  const fused::KernelTable& kernels_;
  const fused::PackedWeights weights_;
  const std::shared_ptr<ThreadPool> pool_;
  const int threads_;
  std::vector<SpinBarrier> barriers_;
  std::uint64_t generation_ = fork_generation();  ///< the process that last used the barriers
};

class FusedDecision final : public Decision {
 public:
  FusedDecision(const RecurrenceSpec& spec, int processors, const fused::KernelTable& kernels)
      : spec_(spec), processors_(processors), kernels_(kernels) {}

  std::size_t workspace_bytes() const override { return fused::scratch_bytes(spec_, kernels_.lanes, processors_); }

  std::string describe() const override {
    const Partition partition = fused::partition(spec_, processors_);
    return std::string(kernels_.target) + ", " + std::to_string(kernels_.lanes) +
           " lanes; threads: " + std::to_string(partition.row_groups) + " groups of rows x " +
           std::to_string(partition.unit_groups) + " of units; inputs of " +
           std::to_string(fused::chunk_steps(spec_, fused::most_rows(spec_, partition))) + " steps at a time";
  }

  MadeRunner make_runner(const RunnerRequest& request) const override {
    return {.runner = std::make_unique<FusedRunner>(request, kernels_), .workspace_bytes = workspace_bytes()};
  }

 private:
  const RecurrenceSpec spec_;
  const int processors_;
  const fused::KernelTable& kernels_;
};

class FusedExecutor final : public Executor {
 public:
  explicit FusedExecutor(const fused::KernelTable& kernels) : kernels_(kernels) {}

  std::string_view name() const override { return "cpu_fused"; }

  Answer decide(const RecurrenceSpec& spec, const DeviceProperties& properties) const override {
    if (std::optional<Refusal> refusal = refuse(spec)) return *std::move(refusal);
    return std::make_shared<FusedDecision>(spec, properties.processors, kernels_);
  }

  std::optional<Refusal> refuse_to_keep(const RecurrenceSpec&) const override { return std::nullopt; }

  BackwardAnswer decide_backward(const RecurrenceSpec& spec, const DeviceProperties& properties) const override {
    if (std::optional<Refusal> refusal = refuse(spec)) return *std::move(refusal);
    return fused::decide_fused_backward(spec, properties.processors, kernels_);
  }

 private:
  static std::optional<Refusal> refuse(const RecurrenceSpec& spec) {
    if (spec.dtype == DType::f64) return Refusal{"it computes in f32, not f64"};
    if (!is_plain(spec.cell)) return Refusal{"it has no peepholes, no cell clip and no projection"};
    return std::nullopt;
  }

  const fused::KernelTable& kernels_;
};

}  // namespace

const Executor& fused_executor() {
  static const FusedExecutor executor(fused::best_kernels());
  return executor;
}

std::unique_ptr<Executor> make_fused_executor(const fused::KernelTable& kernels) {
  return std::make_unique<FusedExecutor>(kernels);
}

}  // namespace rondo
