#include "cuda/stepwise/stepwise_executor.h"

#include "cuda/common/graph_replay.h"
#include "cuda/common/packed_biases.h"
#include "cuda/model/product_model.h"
#include "cuda/stepwise/stepwise_backward.h"
#include "cuda/stepwise/stepwise_loop.h"
#include "cuda/stepwise/stepwise_scratch.h"
#include "recurrence/simple_decision.h"
#include "rondo/vocabulary/error.h"

namespace rondo {
namespace {

// Positions of units are counted in 32 bits.
constexpr std::int64_t kMostUnits = std::int64_t{1} << 30;
// Positions of rows are counted in 32 bits, too.
constexpr std::int64_t kMostRows = std::int64_t{1} << 31;

class StepwiseRunner final : public Runner {
 public:
  explicit StepwiseRunner(const RunnerRequest& request)
      : request_(request),
        biases_(pack_biases(request)),
        peepholes_(pack_peepholes(request)),
        input_products_(request),
        products_(request),
        how_(step_launch(request)),
        replay_(request) {
    if (swaps_reserve(request.spec)) swap_.emplace(request.spec);
  }

  void run(const RecurrenceBuffers& buffers, void* workspace) override {
    replay_.run(buffers, workspace, [&](Stream stream) { queue(buffers, workspace, stream); });
  }

 private:
  void queue(const RecurrenceBuffers& buffers, void* workspace, Stream stream) {
    StepLaunch how = how_;
    how.stream = stream;
    const StepwiseRun run{.spec = request_.spec,
                          .buffers = buffers,
                          .biases = biases_->memory(),
                          .peepholes = peepholes_.get(),
                          .input_products = input_products_,
                          .products = products_,
                          .swap = swap_ ? &*swap_ : nullptr,
                          .workspace = workspace,
                          .how = how};
    switch (request_.spec.dtype) {
      case DType::f64: return run_elements<double>(run);
      case DType::f32: return run_elements<float>(run);
      case DType::f16: return run_elements<Float16>(run);
      case DType::bf16: return run_elements<BFloat16>(run);
      default: throw ValueError("dtype", to_string(request_.spec.dtype), "a floating dtype");
    }
  }

  template <typename Element>
  static void run_elements(const StepwiseRun& run) {
    if (run.spec.keep == Keep::nothing || run.spec.segment > 0) return run_stepwise<Element>(run);
    run_stepwise_keeping<Element>(run);
  }

  const RunnerRequest request_;
  const std::shared_ptr<const WeightPack> biases_;
  const std::shared_ptr<const WeightPack> peepholes_;  ///< null where the cell has none
  InputProducts input_products_;
  const StepwiseProducts products_;
  const StepLaunch how_;
  std::optional<ReserveSwap> swap_;
  GraphReplay replay_;
};

std::size_t scratch_bytes(const RecurrenceSpec& spec) {
  WorkspaceCutter cutter(nullptr);
  switch (spec.dtype) {
    case DType::f64: cut_scratch<double>(spec, cutter); break;
    case DType::f32: cut_scratch<float>(spec, cutter); break;
    default: cut_scratch<Float16>(spec, cutter);
  }
  return cutter.used();
}

// f64, peepholes and projections have not been measured.
std::optional<double> time_of(const RecurrenceSpec& spec, const DeviceProperties& properties) {
  if (spec.dtype == DType::f64 || !is_plain(spec.cell)) return std::nullopt;
  return stepwise_total_ns(spec, properties);
}

std::optional<Refusal> refuse_sizes(const RecurrenceSpec& spec) {
  if (spec.cell.units >= kMostUnits || output_units(spec.cell) >= kMostUnits)
    return Refusal{"it counts units in 30 bits"};
  if (spec.B >= kMostRows) return Refusal{"it counts rows in 31 bits"};
  return std::nullopt;
}

class StepwiseExecutor final : public Executor {
 public:
  std::string_view name() const override { return "cuda_stepwise"; }

  Answer decide(const RecurrenceSpec& spec, const DeviceProperties& properties) const override {
    if (const auto refusal = refuse_sizes(spec)) return *refusal;
    return decision_for<StepwiseRunner>(
        {.workspace_bytes = scratch_bytes(spec), .predicted_ns = time_of(spec, properties)});
  }

  std::optional<Refusal> refuse_to_keep(const RecurrenceSpec&) const override { return std::nullopt; }

  bool swaps_memory() const override { return true; }

  BackwardAnswer decide_backward(const RecurrenceSpec& spec, const DeviceProperties&) const override {
    if (const auto refusal = refuse_sizes(spec)) return *refusal;
    return decide_stepwise_backward(spec);
  }
};

}  // namespace

const Executor& stepwise_executor() {
  static const StepwiseExecutor executor;
  return executor;
}

}  // namespace rondo
