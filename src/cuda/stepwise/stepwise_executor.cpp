#include "cuda/stepwise/stepwise_executor.h"

#include "cuda/common/graph_replay.h"
#include "cuda/common/packed_biases.h"
#include "cuda/model/product_model.h"
#include "cuda/stepwise/stepwise_loop.h"
#include "cuda/stepwise/stepwise_scratch.h"
#include "recurrence/simple_decision.h"
#include "rondo/vocabulary/error.h"

namespace rondo {
namespace {

// Hopper is the first with kernels that begin before the kernel in front of them has ended.
constexpr int kOverlappingLaunches = 90;
// Positions of units are counted in 32 bits.
constexpr std::int64_t kMostUnits = std::int64_t{1} << 30;
// Positions of rows are counted in 32 bits, too.
constexpr std::int64_t kMostRows = std::int64_t{1} << 31;

// How many threads with one unit each hide the latencies of a step on a multiprocessor. Measured on an H200: where
// packs of 4 units leave multiprocessors idle, a step takes 2 microseconds longer.
constexpr std::int64_t kUnitsPerProcessor = 1024;

StepLaunch step_launch(const RunnerRequest& request) {
  const bool overlaps = request.properties.compute_capability >= kOverlappingLaunches;
  return {.stream = request.stream,
          .order = overlaps ? device::LaunchOrder::overlapping : device::LaunchOrder::serial,
          .packed_units = request.properties.processors * kUnitsPerProcessor};
}

class StepwiseRunner final : public Runner {
 public:
  explicit StepwiseRunner(const RunnerRequest& request)
      : request_(request),
        biases_(pack_biases(request)),
        peepholes_(pack_peepholes(request)),
        input_products_(request),
        products_(request),
        how_(step_launch(request)),
        replay_(request) {}

  void run(const RecurrenceBuffers& buffers, void* workspace) override {
    replay_.run(buffers, workspace, [&](Stream stream) { queue(buffers, workspace, stream); });
  }

 private:
  void queue(const RecurrenceBuffers& buffers, void* workspace, Stream stream) {
    StepLaunch how = how_;
    how.stream = stream;
    const StepwiseRun run{request_.spec,   buffers,   biases_->memory(), peepholes_.get(),
                          input_products_, products_, workspace,         how};
    switch (request_.spec.dtype) {
      case DType::f64: return run_stepwise<double>(run);
      case DType::f32: return run_stepwise<float>(run);
      case DType::f16: return run_stepwise<Float16>(run);
      case DType::bf16: return run_stepwise<BFloat16>(run);
      default: throw ValueError("dtype", to_string(request_.spec.dtype), "a floating dtype");
    }
  }

  const RunnerRequest request_;
  const std::shared_ptr<const WeightPack> biases_;
  const std::shared_ptr<const WeightPack> peepholes_;  ///< null where the cell has none
  InputProducts input_products_;
  const StepwiseProducts products_;
  const StepLaunch how_;
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

class StepwiseExecutor final : public Executor {
 public:
  std::string_view name() const override { return "cuda_stepwise"; }

  Answer decide(const RecurrenceSpec& spec, const DeviceProperties& properties) const override {
    if (spec.cell.units >= kMostUnits || output_units(spec.cell) >= kMostUnits)
      return Refusal{"it counts units in 30 bits"};
    if (spec.B >= kMostRows) return Refusal{"it counts rows in 31 bits"};
    return decision_for<StepwiseRunner>(
        {.workspace_bytes = scratch_bytes(spec), .predicted_ns = time_of(spec, properties)});
  }
};

}  // namespace

const Executor& stepwise_executor() {
  static const StepwiseExecutor executor;
  return executor;
}

}  // namespace rondo
