#include "cpu/executors/reference_backward.h"

#include "cpu/executors/reference_gradients.h"
#include "recurrence/simple_decision.h"

namespace rondo {
namespace {

class ReferenceBackwardRunner final : public BackwardRunner {
 public:
  explicit ReferenceBackwardRunner(const RunnerRequest& request) : request_(request) {}

  void run(const GradientBuffers& buffers, void* workspace) override {
    switch (request_.spec.dtype) {
      case DType::f64: return run_cell<double, double>(buffers, workspace);
      case DType::f32: return run_cell<float, float>(buffers, workspace);
      case DType::f16: return run_cell<Float16, float>(buffers, workspace);
      case DType::bf16: return run_cell<BFloat16, float>(buffers, workspace);
      default: throw ValueError("dtype", to_string(request_.spec.dtype), "a floating dtype");
    }
  }

 private:
  template <typename Element, typename Real>
  void run_cell(const GradientBuffers& buffers, void* workspace) const {
    WorkspaceCutter cutter(workspace);
    const GradientScratch<Real> scratch(cutter, request_.spec);
    dispatch_cell(request_.spec.cell, [&]<typename Formula>(FormulaTag<Formula>) {
      ReferenceGradients<Formula, Element, Real>(request_, buffers, scratch).run();
    });
  }

  const RunnerRequest request_;
};

}  // namespace

BackwardAnswer decide_reference_backward(const RecurrenceSpec& spec) {
  WorkspaceCutter cutter(nullptr);
  const GradientScratch<double> scratch(cutter, spec);  // float needs less
  return backward_decision_for<ReferenceBackwardRunner>(cutter.used());
}

}  // namespace rondo
