#include "plan/kept_runs.h"

#include "cuda/runtime/runtime.h"
#include "plan/unattended.h"
#include "rondo/tensor/stream.h"
#include "rondo/tensor/thread_pool.h"

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

SessionStatus run_kept(KeptRecurrences& kept, const SharedWeights& weights, const RecurrenceSpec& spec,
                       const PlanOptions& options, const SessionTensors& tensors) {
  const Stream stream = current_stream(spec.device);
  if (cuda_runtime::is_recording(stream)) {
    Session session(Plan::create(spec, unattended(options, stream)), weights.weights(), stream);
    return run_unattended(session, tensors);
  }
  static const std::vector<SharedNetworkWeights> always_the_same;
  const auto session = kept.take({spec, options, always_the_same, stream.native, pool_on(spec.device)}, [&] {
    return std::make_unique<Session>(Plan::create(spec, options), weights, stream);
  });
  return run_unattended(*session, tensors);
}

SessionStatus run_kept(KeptNetworks& kept, const std::vector<SharedNetworkWeights>& weights, const NetworkSpec& spec,
                       const NetworkOptions& options, const NetworkTensors& tensors) {
  const Device device = spec.layers.front().forward.device;
  const Stream stream = current_stream(device);
  if (cuda_runtime::is_recording(stream)) {
    NetworkSession session(NetworkPlan::create(spec, unattended(options, stream)), unshared(weights), stream);
    return run_unattended(session, tensors);
  }
  const auto session = kept.take({spec, options, weights, stream.native, pool_on(device)}, [&] {
    return std::make_unique<NetworkSession>(NetworkPlan::create(spec, options), weights, stream);
  });
  return run_unattended(*session, tensors);
}

NetworkOptions network_options(const PlanOptions& options) {
  return {.executor = options.executor,
          .graph_use = options.graph_use,
          .never_waits = options.never_waits,
          .threads = options.threads};
}

}  // namespace rondo
