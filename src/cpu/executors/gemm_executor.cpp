#include "cpu/executors/gemm_executor.h"

#include "cpu/executors/gemm_loop.h"
#include "cpu/executors/gemm_products.h"
#include "cpu/executors/gemm_scratch.h"
#include "recurrence/dispatch_cell.h"
#include "recurrence/run_sizes.h"
#include "recurrence/simple_decision.h"

namespace rondo {
namespace {

class GemmRunner final : public Runner {
 public:
  explicit GemmRunner(const RunnerRequest& request) : request_(request), products_(request) {}

  void run(const RecurrenceBuffers& buffers, void* workspace) override {
    if (request_.spec.state_rows > 0) take_sizes(request_.spec, buffers);
    WorkspaceCutter cutter(workspace);
    const GemmScratch scratch(cutter, request_.spec);
    dispatch_cell(request_.spec.cell, [&]<typename Formula>(FormulaTag<Formula>) {
      GemmLoop<Formula>(request_, products_, buffers, scratch).run();
    });
  }

 private:
  RunnerRequest request_;  ///< with state_rows: T and B are those of the run
  const GemmProducts products_;
};

class GemmExecutor final : public Executor {
 public:
  std::string_view name() const override { return "cpu_gemm"; }

  Answer decide(const RecurrenceSpec& spec, const DeviceProperties&) const override {
    if (spec.dtype != DType::f32) return Refusal{"it computes f32 alone, not " + to_string(spec.dtype)};
    WorkspaceCutter cutter(nullptr);
    const GemmScratch scratch(cutter, spec);
    return decision_for<GemmRunner>({.workspace_bytes = cutter.used()});
  }
};

}  // namespace

const Executor& gemm_executor() {
  static const GemmExecutor executor;
  return executor;
}

}  // namespace rondo
