#include <algorithm>
#include <list>
#include <vector>

#include "batch_sizes.h"
#include "call.h"
#include "counted_call.h"
#include "host_rows.h"
#include "runner.h"
#include "step_shapes.h"
#include "whole_batch.h"

namespace rondo::triton {
namespace {

constexpr std::size_t kMostSizes = 32;     // of batches, planned for one number of steps
constexpr std::size_t kMostSessions = 64;  // kept where requests choose the number of steps

/// A session for batches of one size, with its tensors.
struct SizedSession {
  SizedSession(const NetworkPlan& plan, const std::vector<SharedNetworkWeights>& weights, std::int64_t I,
               std::int64_t O, DType dtype, std::int64_t steps, std::int64_t batch)
      : T(steps),
        B(batch),
        session(plan, weights),
        x(steps * batch, I, dtype, plan.device()),
        y(steps * batch, O, dtype, plan.device()),
        tensors{.x = sequence(x), .y = sequence(y)} {}

  void run() {
    x.send(T * B);
    session.run(tensors);
    if (x.on_device(1).device() != cpu()) session.finish();  // on the CPU a run has finished
    y.fetch(T * B);
  }

  /// The rows (B T, features) as time before batch.
  Tensor sequence(const HostRows& rows) const { return rows.on_device(T * B).reshape({B, T, -1}).swap_axes(0, 1); }

  std::int64_t T;
  std::int64_t B;
  NetworkSession session;
  HostRows x;
  HostRows y;
  NetworkTensors tensors;  // kept, because making them allocates
};

bool reads_backwards(const LoadedNetwork& network) {
  return std::any_of(network.spec.layers.begin(), network.spec.layers.end(), [](const NetworkLayer& layer) {
    return layer.backward.has_value() || !layer.forward.rules.reads_forward();
  });
}

class NetworkRunner final : public Runner {
 public:
  NetworkRunner(const ServedModel& model, Device device)
      : config_(model.config),
        shapes_(step_shapes(config_, *model.network)),
        network_(model.network->to(device)),
        sizes_(planned_sizes(config_.max_batch_size, kMostSizes)) {
    if (!shapes_.output_has_time && reads_backwards(network_)) {
      throw ValueError("output '" + config_.outputs.front().name + "'", "dims of the last step alone",
                       "dims of all steps, because a layer reads backwards");
    }
    for (const NetworkWeights& layer : network_.weights) {
      weights_.push_back({.forward = SharedWeights(layer.forward)});
      if (layer.backward) weights_.back().backward.emplace(*layer.backward);
    }
    for (const std::int64_t B : sizes_) {
      if (shapes_.T > 0) session_for(shapes_.T, B).run();
    }
  }

  void run(std::span<Request> requests, Tally& tally) override {
    for (const std::vector<WholeRequest>& group : same_shapes(requests, config_)) run_group(group, tally);
  }

  std::string explain() const override {
    const std::int64_t T = shapes_.T > 0 ? shapes_.T : 100;
    return plan(T, config_.max_batch_size).explain();
  }

 private:
  NetworkPlan plan(std::int64_t T, std::int64_t B) const {
    return NetworkPlan::create(network_.sized({.T = T, .B = B}),
                               {.executor = config_.parameters.executor,
                                // Instances share a GPU, where blocks that wait for each other might not fit together.
                                .never_waits = true,
                                .threads = config_.parameters.threads});
  }

  SizedSession& session_for(std::int64_t T, std::int64_t B) {
    const auto found = std::find_if(sessions_.begin(), sessions_.end(),
                                    [&](const SizedSession& kept) { return kept.T == T && kept.B == B; });
    if (found != sessions_.end()) {
      sessions_.splice(sessions_.begin(), sessions_, found);
    } else {
      const NetworkPlan planned = plan(T, B);
      sessions_.emplace_front(planned, weights_, network_.input_features(), network_.output_features(),
                              network_.spec.layers.front().forward.dtype, T, B);
      if (sessions_.size() > kMostSessions) sessions_.pop_back();
    }
    return sessions_.front();
  }

  void run_group(const std::vector<WholeRequest>& group, Tally& tally) {
    const std::int64_t rows = rows_of(group);
    const std::int64_t T = shapes_.steps(group.front().inputs.front().shape);
    SizedSession* session = nullptr;
    counted_call(tally, [&] {  // a size that comes for the first time is planned
      session = &session_for(T, planned_size(sizes_, rows));
      copy_inputs(group, config_, 0, session->x.row(0));
      session->run();
    });
    tally.rows += rows;
    tally.steps += rows * T;
    if (!shapes_.output_has_time) keep_last_steps(*session);
    const std::int64_t O = network_.output_features();
    const std::vector<std::int64_t> dims =
        shapes_.output_has_time ? std::vector<std::int64_t>{T, O} : std::vector<std::int64_t>{O};
    write_outputs(group, config_.outputs.front(), 0, dims, session->y.row(0));
  }

  static void keep_last_steps(const SizedSession& session) {
    for (std::int64_t b = 0; b < session.B; ++b) {
      const std::byte* const last = session.y.row(b * session.T + session.T - 1);
      std::copy_n(last, session.y.row_bytes(), session.y.row(b));
    }
  }

  ModelConfig config_;
  StepShapes shapes_;
  LoadedNetwork network_;
  std::vector<SharedNetworkWeights> weights_ = {};
  std::vector<std::int64_t> sizes_;
  std::list<SizedSession> sessions_ = {};  // the one used last at the front
};

}  // namespace

std::unique_ptr<Runner> network_runner(const ServedModel& model, Device device) {
  return std::make_unique<NetworkRunner>(model, device);
}

}  // namespace rondo::triton
