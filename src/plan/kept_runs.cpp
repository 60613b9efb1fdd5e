#include "plan/kept_runs.h"

#include "cuda/runtime/runtime.h"
#include "plan/session_impl.h"
#include "plan/session_status.h"
#include "rondo/tensor/stream.h"
#include "rondo/tensor/thread_pool.h"
#include "rondo/vocabulary/error.h"

namespace rondo {
namespace {

/// The thread pool that a session uses which is made now.
const void* pool_on(Device device) { return device == cpu() ? default_thread_pool().get() : nullptr; }

std::vector<NetworkWeights> unshared(const std::vector<SharedNetworkWeights>& weights) {
  std::vector<NetworkWeights> result;
  for (const SharedNetworkWeights& layer : weights) {
    result.push_back({.forward = layer.forward.weights()});
    if (layer.backward) result.back().backward = layer.backward->weights();
  }
  return result;
}

}  // namespace

/// What kept sessions do for their owners alone.
struct KeptRun {
  /// Calls `work(session)` with an idle session with the key `view`, or with the one that `make()` returns. A session
  /// that has stalled is given back with its path without waits before the stall is told.
  template <typename Kept, typename View, typename Make, typename Work>
  static void use(Kept& kept, const View& view, const Make& make, Device device, const Work& work) {
    SessionStatus status;
    {
      const auto session = kept.take(view, make);
      if (session->has_notice_of_a_stall()) status = session->settle();
      if (!status.stalled && !status.gradients_stalled) return work(*session);
    }
    throw DeviceError("an earlier call stalled on " + to_string(device) + ": " + to_string(status.stall) +
                      ". Its results and those of the calls behind it are NaN; call again");
  }

  static ReserveTag tag_of_run(const Session& session, const SessionTensors& tensors) {
    return session.impl_->tag_of_run(tensors);
  }

  /// Tells the session of a reserve that another session may have written. On the CPU the reserve itself has its tag.
  static void tell_of_run(Session& session, const SessionTensors& tensors, const ReserveTag& tag) {
    if (tensors.reserve->device() != cpu()) session.impl_->tags.write(*tensors.reserve, tag);
  }

  template <typename Kept>
  static SessionStatus finish(Kept& kept) {
    SessionStatus status;
    kept.for_each([&](auto& session) { status = merged(status, session.settle()); });
    return status;
  }
};

namespace {

/// Calls `work(session)` with a session for the spec: a kept one, or while the stream is recorded one of its own.
template <typename Work>
void use_kept(KeptRecurrences& kept, const SharedWeights& weights, const RecurrenceSpec& spec,
              const PlanOptions& options, const Work& work) {
  const Stream stream = current_stream(spec.device);
  if (cuda_runtime::is_recording(stream)) {
    Session session(Plan::create(spec, unattended(options, stream)), weights.weights(), stream);
    return work(session);
  }
  static const std::vector<SharedNetworkWeights> always_the_same;
  const SessionKey<RecurrenceSpec, PlanOptions>::View view{spec, options, always_the_same, stream.native,
                                                           pool_on(spec.device)};
  KeptRun::use(
      kept, view, [&] { return std::make_unique<Session>(Plan::create(spec, options), weights, stream); }, spec.device,
      work);
}

}  // namespace

void run_kept(KeptRecurrences& kept, const SharedWeights& weights, const RecurrenceSpec& spec,
              const PlanOptions& options, const SessionTensors& tensors) {
  use_kept(kept, weights, spec, options, [&](Session& session) { session.run(tensors); });
}

ReserveTag run_kept_with_reserve(KeptRecurrences& kept, const SharedWeights& weights, const RecurrenceSpec& spec,
                                 const PlanOptions& options, const SessionTensors& tensors) {
  ReserveTag tag;
  use_kept(kept, weights, spec, options, [&](Session& session) {
    check_common_reserve(session.plan());
    session.run(tensors);
    tag = KeptRun::tag_of_run(session, tensors);
  });
  return tag;
}

void backward_kept(KeptRecurrences& kept, const SharedWeights& weights, const RecurrenceSpec& spec,
                   const PlanOptions& options, const RunGradients& run) {
  use_kept(kept, weights, spec, options, [&](Session& session) {
    KeptRun::tell_of_run(session, run.tensors, run.tag);
    session.backward(run.tensors, run.gradients);
  });
}

void run_kept(KeptNetworks& kept, const std::vector<SharedNetworkWeights>& weights, const NetworkSpec& spec,
              const NetworkOptions& options, const NetworkTensors& tensors) {
  const Device device = spec.layers.front().forward.device;
  const Stream stream = current_stream(device);
  if (cuda_runtime::is_recording(stream)) {
    return NetworkSession(NetworkPlan::create(spec, unattended(options, stream)), unshared(weights), stream)
        .run(tensors);
  }
  const SessionKey<NetworkSpec, NetworkOptions>::View view{spec, options, weights, stream.native, pool_on(device)};
  KeptRun::use(
      kept, view, [&] { return std::make_unique<NetworkSession>(NetworkPlan::create(spec, options), weights, stream); },
      device, [&](NetworkSession& session) { session.run(tensors); });
}

SessionStatus finish_kept(KeptRecurrences& kept) { return KeptRun::finish(kept); }
SessionStatus finish_kept(KeptNetworks& kept) { return KeptRun::finish(kept); }

PlanOptions unattended(PlanOptions options, Stream stream) {
  options.never_waits = options.never_waits || cuda_runtime::is_recording(stream);
  return options;
}

NetworkOptions unattended(NetworkOptions options, Stream stream) {
  options.never_waits = options.never_waits || cuda_runtime::is_recording(stream);
  return options;
}

NetworkOptions network_options(const PlanOptions& options) {
  return {.executor = options.executor,
          .graph_use = options.graph_use,
          .never_waits = options.never_waits,
          .threads = options.threads,
          .math = options.math};
}

}  // namespace rondo
