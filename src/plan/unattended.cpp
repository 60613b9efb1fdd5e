#include "plan/unattended.h"

#include <algorithm>

#include "cuda/runtime/runtime.h"
#include "rondo/tensor/stream.h"

namespace rondo {
namespace {

bool may_stall(const Plan& plan) { return plan.may_stall(); }

bool may_stall(const NetworkPlan& plan) {
  return std::ranges::any_of(plan.stages(), [](const NetworkStage& stage) {
    return std::ranges::any_of(stage.lanes, [](const NetworkLane& lane) {
      return lane.plan.may_stall() || (lane.tail && lane.tail->may_stall());
    });
  });
}

Device device_of(const Plan& plan) { return plan.spec().device; }
Device device_of(const NetworkPlan& plan) { return plan.device(); }

template <typename AnySession, typename Tensors>
SessionStatus run_and_ask(AnySession& session, const Tensors& tensors) {
  session.run(tensors);
  if (!may_stall(session.plan()) || cuda_runtime::is_recording(current_stream(device_of(session.plan())))) return {};
  return session.finish();
}

}  // namespace

PlanOptions unattended(PlanOptions options, Stream stream) {
  options.never_waits = options.never_waits || cuda_runtime::is_recording(stream);
  return options;
}

NetworkOptions unattended(NetworkOptions options, Stream stream) {
  options.never_waits = options.never_waits || cuda_runtime::is_recording(stream);
  return options;
}

SessionStatus run_unattended(Session& session, const SessionTensors& tensors) { return run_and_ask(session, tensors); }
SessionStatus run_unattended(NetworkSession& session, const NetworkTensors& tensors) {
  return run_and_ask(session, tensors);
}

SessionStatus merged(const SessionStatus& a, const SessionStatus& b) {
  return {.length_out_of_range = a.length_out_of_range || b.length_out_of_range,
          .stalled = a.stalled || b.stalled,
          .stall = a.stalled ? a.stall : b.stall};
}

}  // namespace rondo
