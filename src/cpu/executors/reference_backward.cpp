#include "cpu/executors/reference_backward.h"

#include "cpu/executors/dispatch_reference.h"
#include "cpu/executors/reference_gradients.h"
#include "recurrence/simple_decision.h"

namespace rondo {
namespace {

class ReferenceBackwardRunner final : public BackwardRunner {
 public:
  explicit ReferenceBackwardRunner(const RunnerRequest& request) : request_(request) {}

  void run(const GradientBuffers& buffers, void* workspace) override {
    dispatch_reference(request_.spec, [&]<typename Formula, typename Element, typename Real>() {
      WorkspaceCutter cutter(workspace);
      const GradientScratch<Real> scratch(cutter, request_.spec);
      ReferenceGradients<Formula, Element, Real>(request_, buffers, scratch).run();
    });
  }

 private:
  const RunnerRequest request_;
};

}  // namespace

BackwardAnswer decide_reference_backward(const RecurrenceSpec& spec) {
  WorkspaceCutter cutter(nullptr);
  const GradientScratch<double> scratch(cutter, spec);  // float needs less
  return backward_decision_for<ReferenceBackwardRunner>(cutter.used());
}

}  // namespace rondo
