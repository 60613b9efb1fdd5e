#include "cuda/stepwise/stepwise_backward.h"

#include "cuda/common/packed_biases.h"
#include "cuda/runtime/replayed_runs.h"
#include "cuda/stepwise/backward/gradient_loop.h"
#include "cuda/stepwise/backward/gradient_workspace.h"
#include "recurrence/simple_decision.h"
#include "rondo/vocabulary/error.h"

namespace rondo {
namespace {

// Pairs of a step and a row are counted in 31 bits.
constexpr std::int64_t kMostPairs = std::int64_t{1} << 31;

/// The products of a run whose segments are run again.
struct ProductsAgain {
  explicit ProductsAgain(const RunnerRequest& request) : inputs(request), steps(request) {}

  InputProducts inputs;
  StepwiseProducts steps;
};

/// A run that is done again has its results already.
const RecurrenceBuffers& without_results(RecurrenceBuffers& buffers) {
  buffers.y = {};
  buffers.last_output = {};
  buffers.final_state = {};
  return buffers;
}

class StepwiseBackwardRunner final : public BackwardRunner {
 public:
  StepwiseBackwardRunner(const RunnerRequest& request, std::unique_ptr<const StepsKernel> steps)
      : request_(request),
        steps_(std::move(steps)),
        biases_(request.spec.keep == Keep::states ? pack_biases(request) : nullptr),
        peepholes_(pack_peepholes(request)),
        products_(request),
        how_(step_launch(request)),
        runs_(request.stream, request.graph_use) {
    if (swaps_reserve(request.spec)) swap_.emplace(request.spec);
    if (request.spec.segment > 0) again_.emplace(request);
  }

  void run(const GradientBuffers& buffers, void* workspace) override {
    runs_.run({buffers, workspace}, [&](Stream stream) { queue(buffers, workspace, stream); });
  }

 private:
  struct RunBuffers {
    GradientBuffers buffers;
    void* workspace = nullptr;

    bool operator==(const RunBuffers&) const = default;
  };

  void queue(const GradientBuffers& buffers, void* workspace, Stream stream) {
    StepLaunch how = how_;
    how.stream = stream;
    RecurrenceBuffers buffers_again = buffers.run;
    const std::optional<StepwiseRun> again = segments_again(without_results(buffers_again), how);
    const StepwiseGradientRun run{.spec = request_.spec,
                                  .buffers = buffers,
                                  .biases = biases_.get(),
                                  .peepholes = peepholes_.get(),
                                  .products = products_,
                                  .swap = swap_ ? &*swap_ : nullptr,
                                  .again = again ? &*again : nullptr,
                                  .workspace = workspace,
                                  .how = how,
                                  .steps = steps_.get()};
    switch (request_.spec.dtype) {
      case DType::f64: return run_stepwise_gradients<double>(run);
      case DType::f32: return run_stepwise_gradients<float>(run);
      case DType::f16: return run_stepwise_gradients<Float16>(run);
      case DType::bf16: return run_stepwise_gradients<BFloat16>(run);
      default: throw ValueError("dtype", to_string(request_.spec.dtype), "a floating dtype");
    }
  }

  /// How the segments of a run are run again; absent: it has none.
  std::optional<StepwiseRun> segments_again(const RecurrenceBuffers& buffers, const StepLaunch& how) {
    if (!again_) return std::nullopt;
    return StepwiseRun{.spec = request_.spec,
                       .buffers = buffers,
                       .biases = biases_->memory(),
                       .peepholes = peepholes_.get(),
                       .input_products = again_->inputs,
                       .products = again_->steps,
                       .how = how};
  }

  const RunnerRequest request_;
  const std::unique_ptr<const StepsKernel> steps_;
  const std::shared_ptr<const WeightPack> biases_;     ///< null unless gates are computed again
  const std::shared_ptr<const WeightPack> peepholes_;  ///< null where the cell has none
  const GradientProducts products_;
  const StepLaunch how_;
  std::optional<ReserveSwap> swap_;
  std::optional<ProductsAgain> again_;  ///< where the run has segments
  ReplayedRuns<RunBuffers> runs_;
};

}  // namespace

std::size_t gradient_workspace_bytes(const RecurrenceSpec& spec) {
  WorkspaceCutter cutter(nullptr);
  switch (spec.dtype) {
    case DType::f64: cut_gradient_workspace<double>(spec, cutter); break;
    case DType::f32: cut_gradient_workspace<float>(spec, cutter); break;
    default: cut_gradient_workspace<Float16>(spec, cutter);
  }
  return cutter.used();
}

std::unique_ptr<BackwardRunner> make_gradient_runner(const RunnerRequest& request,
                                                     std::unique_ptr<const StepsKernel> steps) {
  return std::make_unique<StepwiseBackwardRunner>(request, std::move(steps));
}

std::optional<Refusal> refuse_gradient_sizes(const RecurrenceSpec& spec) {
  if (spec.T * spec.B >= kMostPairs) return Refusal{"it counts pairs of a step and a row in 31 bits"};
  return std::nullopt;
}

BackwardAnswer decide_stepwise_backward(const RecurrenceSpec& spec) {
  if (const auto refusal = refuse_gradient_sizes(spec)) return *refusal;
  return make_backward_decision(gradient_workspace_bytes(spec),
                                [](const RunnerRequest& request) { return make_gradient_runner(request, nullptr); });
}

}  // namespace rondo
