#include "serving/pool_layers.h"

#include <algorithm>

#include "plan/network/network_stages.h"
#include "plan/session_status.h"
#include "rondo/tensor/stream.h"
#include "rondo/vocabulary/error.h"

namespace rondo {
namespace {

RecurrenceSpec spec_of(std::size_t layer, const LoadedNetwork& network, const PoolSizes& sizes, Device device) {
  RecurrenceSpec spec = network.spec.layers[layer].forward;
  const std::string name = name_of(layer, Direction::forward);
  if (network.spec.layers[layer].backward || spec.rules.read != ReadOrder::forward) {
    throw ValueError(network.spec.layers[layer].backward ? name_of(layer, Direction::backward) : name,
                     "a recurrence that reads in reverse", "layers that read forward, as a stream goes on");
  }
  spec.device = device;
  spec.T = sizes.steps;
  spec.B = sizes.rows;
  spec.state_rows = sizes.slots + sizes.rows;
  spec.packed = true;
  return spec;
}

std::vector<Plan> plans_of(const LoadedNetwork& network, const PoolSizes& sizes, const NetworkOptions& options,
                           Device device) {
  const PlanOptions plan_options{.executor = options.executor,
                                 .graph_use = options.graph_use,
                                 .threads = options.threads,
                                 .never_waits = options.never_waits,
                                 .math = options.math};
  std::vector<Plan> plans;
  for (std::size_t k = 0; k < network.spec.layers.size(); ++k) {
    plans.push_back(Plan::create(spec_of(k, network, sizes, device), plan_options));
  }
  return plans;
}

}  // namespace

PoolLayers::PoolLayers(const LoadedNetwork& network, const PoolSizes& sizes, const NetworkOptions& options,
                       Stream stream)
    : stream_(stream), states_(stream) {
  const StreamScope scope(stream);
  const std::vector<Plan> plans = plans_of(network, sizes, options, stream.device);
  std::size_t bytes = 0;
  std::int64_t features = 0;
  for (const Plan& plan : plans) {
    bytes = std::max(bytes, plan.workspace_bytes());
    if (&plan != &plans.back()) features = std::max(features, output_units(plan.spec().cell));
  }
  workspace_ = Tensor::empty({static_cast<std::int64_t>(bytes)}, DType::u8, stream.device);
  for (Tensor& sequence : between_) {
    sequence = Tensor::empty({sizes.rows * sizes.steps * features}, plans.front().spec().dtype, stream.device);
  }
  for (std::size_t k = 0; k < plans.size(); ++k) add_layer(plans[k], network.weights[k].forward);
}

void PoolLayers::add_layer(const Plan& plan, const RecurrentWeights& weights) {
  const RecurrenceSpec& spec = plan.spec();
  SessionTensors& tensors = tensors_.emplace_back();
  tensors.initial_state = states_.add_layer(spec);
  tensors.final_state = tensors.initial_state;
  sessions_.emplace_back(plan, weights.to(spec.device), stream_, workspace_);
}

void PoolLayers::run(const Tensor& x, const Tensor& y, const Tensor& batch_sizes, const Tensor& row_indices) {
  const std::int64_t N = x.size(0);
  const Tensor* input = &x;
  for (std::size_t k = 0; k < sessions_.size(); ++k) {
    SessionTensors& tensors = tensors_[k];
    tensors.x = *input;
    if (k + 1 == sessions_.size()) {
      tensors.y = y;
    } else {
      const std::int64_t features = output_units(sessions_[k].plan().spec().cell);
      tensors.y = between_[k % 2].slice(0, 0, N * features).reshape({N, features});
    }
    tensors.batch_sizes = batch_sizes;
    tensors.row_indices = row_indices;
    sessions_[k].run(tensors);
    input = &*tensors.y;
  }
  // Keeps nothing of the caller's alive.
  tensors_.front().x = {};
  tensors_.back().y.reset();
}

SessionStatus PoolLayers::finish() {
  SessionStatus status;
  for (Session& session : sessions_) status = merged(status, session.finish());
  return status;
}

std::string PoolLayers::explain() const {
  std::string text;
  for (std::size_t k = 0; k < sessions_.size(); ++k) {
    text += name_of(k, Direction::forward) + ": " + sessions_[k].plan().explain();
    if (text.back() != '\n') text += '\n';
  }
  return text;
}

}  // namespace rondo
