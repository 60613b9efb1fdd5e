#include "cpu/fused/fused_executor.h"

#include <memory>

#include "cpu/fused/amx.h"
#include "cpu/fused/fused_backward.h"
#include "cpu/fused/processor_features.h"
#include "cpu/fused/target.h"
#include "cpu/fused/worker.h"
#include "cpu/fused/worker_threads.h"
#include "recurrence/run_sizes.h"

namespace rondo {
namespace {

using fused::Partition;

class FusedRunner final : public Runner {
 public:
  FusedRunner(const RunnerRequest& request, const fused::KernelTable& kernels)
      : spec_(request.spec),
        kernels_(kernels),
        weights_(request, fused::PanelFormat::of(request.spec, kernels_)),
        variant_(request, kernels_.lanes),
        threads_(spec_, request.properties.processors) {}

  void run(const RecurrenceBuffers& buffers, void* workspace) override {
    if (spec_.state_rows > 0) {
      take_sizes(spec_, buffers);
      threads_.take_sizes(spec_);
    }
    KeptSteps kept;
    if (spec_.keep != Keep::nothing) kept = {reserve_layout(spec_, buffers.x.packed_rows), buffers.reserve};
    threads_.run([&](const fused::ThreadPart& part) {
      fused::run_worker({.spec = spec_,
                         .kernels = kernels_,
                         .weights = weights_,
                         .variant = variant_,
                         .buffers = buffers,
                         .workspace = workspace,
                         .partition = part.partition,
                         .index = part.index,
                         .barrier = part.group_barrier,
                         .steps = {0, static_cast<std::int32_t>(spec_.T)},
                         .kept = kept,
                         .initial_dtype = spec_.dtype});
    });
  }

 private:
  RecurrenceSpec spec_;  ///< with state_rows: T and B are those of the run
  const fused::KernelTable& kernels_;
  const fused::PackedWeights weights_;
  const fused::VariantWeights variant_;
  fused::WorkerThreads threads_;
};

class FusedDecision final : public Decision {
 public:
  FusedDecision(const RecurrenceSpec& spec, int processors, const fused::KernelTable& kernels)
      : spec_(spec),
        processors_(processors),
        kernels_(kernels),
        format_(fused::PanelFormat::of(spec, kernels)),
        workspace_bytes_(fused::scratch_bytes(spec_, format_, processors_)) {}

  std::size_t workspace_bytes() const override { return workspace_bytes_; }

  std::string describe() const override {
    const Partition partition = fused::partition(spec_, processors_);
    return fused::target_in_words(kernels_) + ", " + std::to_string(kernels_.lanes) + " lanes" +
           fused::products_in_words(spec_, format_, kernels_) + fused::cap_in_words() + "\nthe processor has " +
           fused::processor_features() + fused::amx_permission().refusal_in_words() +
           "\nthreads: " + std::to_string(partition.row_groups) + " groups of rows x " +
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
  const fused::PanelFormat format_;
  const std::size_t workspace_bytes_;
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
