// A network's session from outside: checks, graphs and status. Its runs are in network_lanes.cpp.

#include <algorithm>

#include "cuda/runtime/range.h"
#include "cuda/runtime/replayed_runs.h"
#include "plan/network/network_lanes.h"
#include "plan/occupied.h"
#include "plan/packed_rows.h"
#include "plan/session_status.h"
#include "rondo/tensor/stream.h"
#include "rondo/vocabulary/error.h"

namespace rondo {
namespace {

Stream checked_stream(const NetworkPlan& plan, std::optional<Stream> stream) {
  if (stream && stream->device != plan.device()) {
    throw ValueError("stream", to_string(stream->device), to_string(plan.device()));
  }
  return stream.value_or(Stream{plan.device()});
}

template <typename Weights>
const std::vector<Weights>& checked_weights(const NetworkSpec& spec, const std::vector<Weights>& weights) {
  if (weights.size() != spec.layers.size()) {
    throw ValueError("weights", "those of " + std::to_string(weights.size()) + " layers",
                     std::to_string(spec.layers.size()) + ", as planned");
  }
  for (std::size_t k = 0; k < weights.size(); ++k) {
    const bool expected = spec.layers[k].backward.has_value();
    if (weights[k].backward.has_value() == expected) continue;
    throw ValueError("weights[" + std::to_string(k) + "].backward", expected ? "none" : "some",
                     expected ? "some, as planned" : "none, as planned");
  }
  return weights;
}

// Weights with gaps are copied in the order of `stream`.
std::vector<SharedNetworkWeights> shared(const std::vector<NetworkWeights>& weights, Stream stream) {
  const StreamScope scope(stream);
  std::vector<SharedNetworkWeights> result;
  for (const NetworkWeights& layer : weights) {
    result.push_back({SharedWeights(layer.forward)});
    if (layer.backward) result.back().backward.emplace(*layer.backward);
  }
  return result;
}

}  // namespace

struct NetworkSession::Impl {
  Impl(NetworkPlan its_plan, std::vector<SharedNetworkWeights> its_weights, Stream stream)
      : plan(std::move(its_plan)),
        weights(std::move(its_weights)),
        lanes(plan, weights, stream),
        own_stream(stream),
        replay(stream, plan.options().graph_use) {}

  void remember(const NetworkTensors& tensors);
  NetworkTensors on_device(const NetworkTensors& tensors);
  void run_on_device(const NetworkTensors& tensors) {
    remember(tensors);
    replay.run(addresses, [&](Stream from) { lanes.queue(tensors, from); });
  }
  SessionStatus settle();

  const NetworkPlan plan;
  std::vector<SharedNetworkWeights> weights;
  NetworkLanes lanes;
  const Stream own_stream;
  ReplayedRuns<std::vector<TensorAddress>> replay;
  Tensor batch_sizes;  // those of a run that has them on the host
  Tensor row_indices;
  std::vector<bool> taken_rows;  // memory of check_packed_numbers
  NetworkTensors last_run;
  std::vector<TensorAddress> last_addresses;
  std::vector<TensorAddress> addresses;  // of the current run
  ForkFlag occupied;
};

// Keeps the tensors of the run for `status`. Copies nothing if the run before had the same tensors.
void NetworkSession::Impl::remember(const NetworkTensors& tensors) {
  list_addresses(plan.spec(), tensors, addresses);
  if (addresses == last_addresses) return;
  last_run = tensors;
  last_addresses = addresses;
}

// A copy of the tensors with the sizes and indices of a packed batch on the device, where a graph reads them when it
// runs.
NetworkTensors NetworkSession::Impl::on_device(const NetworkTensors& tensors) {
  NetworkTensors result = tensors;
  const RecurrenceSpec& first = plan.spec().layers.front().forward;
  check_packed_numbers(first, {.x = tensors.x, .batch_sizes = tensors.batch_sizes, .row_indices = tensors.row_indices},
                       taken_rows);
  const StreamScope scope(own_stream);
  const auto copy = [&](const std::optional<Tensor>& given, Tensor& kept) -> std::optional<Tensor> {
    if (!given) return std::nullopt;
    if (!kept.defined() || kept.dtype() != given->dtype()) {
      kept = Tensor::empty(given->shape(), given->dtype(), plan.device());
    }
    kept.copy_from(*given);
    return kept;
  };
  result.batch_sizes = copy(tensors.batch_sizes, batch_sizes);
  result.row_indices = copy(tensors.row_indices, row_indices);
  return result;
}

// Graphs run on the network's stream, but a session reads and clears its flags on the stream of its lane. So the lanes
// wait for the network's stream before, and the network's stream waits for the lanes after.
SessionStatus NetworkSession::Impl::settle() {
  lanes.lanes_wait_for_stream();
  SessionStatus status;
  for (Session* session : lanes.sessions()) status = merged(status, session->settle());
  lanes.stream_waits_for_lanes();
  if (status.stalled || status.gradients_stalled) replay.forget();  // recorded graphs have the kernels that stalled
  return status;
}

NetworkSession::NetworkSession(const NetworkPlan& plan, const std::vector<NetworkWeights>& weights,
                               std::optional<Stream> stream)
    : NetworkSession(plan, shared(checked_weights(plan.spec(), weights), checked_stream(plan, stream)), stream) {}

NetworkSession::NetworkSession(const NetworkPlan& plan, const std::vector<SharedNetworkWeights>& weights,
                               std::optional<Stream> stream)
    : impl_(std::make_unique<Impl>(plan, checked_weights(plan.spec(), weights), checked_stream(plan, stream))) {}

NetworkSession::~NetworkSession() = default;
NetworkSession::NetworkSession(NetworkSession&&) noexcept = default;
NetworkSession& NetworkSession::operator=(NetworkSession&&) noexcept = default;

const NetworkPlan& NetworkSession::plan() const { return impl_->plan; }

void NetworkSession::run(const NetworkTensors& tensors) {
  const Occupied occupied(impl_->occupied);
  const cuda_runtime::Range range("rondo::NetworkSession::run");
  Impl& impl = *impl_;
  check_network_tensors(impl.plan.spec(), tensors);
  if (impl.plan.device() == cpu()) return impl.lanes.queue(tensors, impl.own_stream);  // no run can stall
  if (tensors.batch_sizes && tensors.batch_sizes->device() == cpu()) return impl.run_on_device(impl.on_device(tensors));
  impl.run_on_device(tensors);
}

void NetworkSession::backward(const NetworkTensors& run, const NetworkGradients& gradients) {
  const Occupied occupied(impl_->occupied);
  const cuda_runtime::Range range("rondo::NetworkSession::backward");
  const NetworkSpec& spec = impl_->plan.spec();
  if (spec.layers.front().forward.keep == Keep::nothing) {
    throw ValueError("keep", "nothing", "states or gates in the specs, for gradients");
  }
  check_network_tensors(spec, run);
  impl_->lanes.queue_backward(run, gradients, impl_->own_stream);
}

// All lanes fork from the network's stream and join it, so runs before and after are ordered with this.
void NetworkSession::reload_weights() {
  const Occupied occupied(impl_->occupied);
  for (SharedNetworkWeights& layer : impl_->weights) {
    layer.forward.reload(impl_->own_stream);
    if (layer.backward) layer.backward->reload(impl_->own_stream);
  }
}

SessionStatus NetworkSession::finish() {
  const Occupied occupied(impl_->occupied);
  SessionStatus status = impl_->settle();
  // The layers above a stalled recurrence have read its output, so the whole run is repeated. Each repetition that
  // stalls switches one more session to its path without waits, so there are at most as many as sessions.
  bool stalled = status.stalled;
  for (std::size_t left = impl_->lanes.sessions().size(); stalled && left > 0; --left) {
    impl_->lanes.queue(impl_->last_run, impl_->own_stream);
    const SessionStatus again = impl_->settle();
    stalled = again.stalled;
    status = merged(status, again);
  }
  return status;
}

bool NetworkSession::has_notice_of_a_stall() const {
  return std::ranges::any_of(impl_->lanes.sessions(), [](const Session* one) { return one->has_notice_of_a_stall(); });
}

SessionStatus NetworkSession::settle() {
  const Occupied occupied(impl_->occupied);
  return impl_->settle();
}

}  // namespace rondo
