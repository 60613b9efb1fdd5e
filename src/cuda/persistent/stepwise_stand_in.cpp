#include "cuda/persistent/stepwise_stand_in.h"

#include <cstdio>
#include <mutex>

#include "cuda/stepwise/stepwise_executor.h"
#include "rondo/tensor/tensor.h"

namespace rondo {
namespace {

class StandIn final : public Runner {
 public:
  StandIn(const RunnerRequest& request, std::size_t workspace_bytes)
      : runner_(stepwise_executor().make_runner(request)) {
    const std::size_t bytes = stepwise_executor().workspace_bytes(request.spec, request.properties);
    if (bytes <= workspace_bytes) return;
    own_workspace_ = Tensor::zeros({static_cast<std::int64_t>(bytes)}, DType::boolean, request.spec.device);
  }

  void run(const RecurrenceBuffers& buffers, void* workspace) override {
    runner_->run(buffers, own_workspace_.defined() ? own_workspace_.data() : workspace);
  }

 private:
  const std::unique_ptr<Runner> runner_;
  Tensor own_workspace_;
};

// The plan names another executor, so a user could not tell why the run is slower than expected.
void tell_once(Device device, const std::string& reason) {
  static std::once_flag told;
  std::call_once(told, [&] {
    std::fprintf(stderr, "rondo: cuda_stepwise runs on %s what was planned for cuda_persistent: %s\n",
                 to_string(device).c_str(), reason.c_str());
  });
}

}  // namespace

std::unique_ptr<Runner> make_stepwise_stand_in(const RunnerRequest& request, std::size_t workspace_bytes,
                                               const std::string& reason) {
  tell_once(request.spec.device, reason);
  return std::make_unique<StandIn>(request, workspace_bytes);
}

}  // namespace rondo
