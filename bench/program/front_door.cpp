#include "program/front_door.h"

#include <chrono>
#include <cstdio>
#include <functional>
#include <memory>
#include <regex>

#include "program/json_file.h"
#include "program/random_tensors.h"
#include "program/statistics.h"
#include "rondo/rondo.h"

namespace rondo::bench {
namespace {

/// A call through the front door, and the run of a session that computes the same.
struct Door {
  std::string name;
  std::function<void()> call;
  std::function<void()> session;
};

struct Sizes {
  std::int64_t H, T, B;
};

constexpr Sizes kSizes[] = {{16, 1, 1}, {64, 1, 1}, {128, 1, 1}, {512, 1, 1}, {256, 50, 1}, {512, 25, 16}};

/// The doors for an LSTM of one size, with I = H. All of them run on one thread.
class Doors {
 public:
  explicit Doors(const Sizes& sizes)
      : sizes_(sizes),
        random_(1, {.dtype = DType::f32}, cpu()),
        weights_(draw_weights()),
        above_(draw_weights()),
        top_(draw_weights()),
        batch_major_(random_({sizes.B, sizes.T, sizes.H}, 1.0)),
        time_major_(batch_major_.swap_axes(0, 1).contiguous()) {}

  std::vector<Door> all() {
    std::vector<Door> doors{layer(), bidirectional(), stack(), dynamic_rnn()};
#if RONDO_HAS_ONNX
    doors.push_back(onnx());
#endif
    if (sizes_.T == 1) {
      doors.push_back(cell());
      doors.push_back(step());
    }
    for (Door& door : doors) {
      door.name +=
          " H=" + std::to_string(sizes_.H) + " T=" + std::to_string(sizes_.T) + " B=" + std::to_string(sizes_.B);
    }
    return doors;
  }

 private:
  static constexpr int kThreads = 1;

  RecurrentWeights draw_weights() {
    const std::int64_t H = sizes_.H;
    return {.kernel = random_({H, 4 * H}, 0.1),
            .recurrent_kernel = random_({H, 4 * H}, 0.1),
            .bias = random_({4 * H}, 0.1)};
  }

  RecurrenceSpec spec() const { return {.cell = {.units = sizes_.H}, .T = sizes_.T, .B = sizes_.B, .I = sizes_.H}; }

  Tensor rows() const { return Tensor::zeros({sizes_.B, sizes_.H}, DType::f32); }

  /// The run of a session of one LSTM that writes y, and final states where `states` asks for them.
  std::function<void()> session(bool states) const {
    auto session = std::make_shared<Session>(Plan::create(spec(), {.threads = kThreads}), weights_);
    SessionTensors tensors{.x = time_major_, .y = Tensor::empty(time_major_.shape(), DType::f32)};
    if (states) {
      tensors.initial_state = {rows(), rows()};
      tensors.final_state = {rows(), rows()};
    }
    return [session, tensors] { session->run(tensors); };
  }

  std::function<void()> network(const NetworkSpec& network, const std::vector<NetworkWeights>& weights) const {
    auto session = std::make_shared<NetworkSession>(NetworkPlan::create(network, {.threads = kThreads}), weights);
    const Shape shape{sizes_.T, sizes_.B, output_features(network.layers.back())};
    const NetworkTensors tensors{.x = time_major_, .y = Tensor::empty(shape, DType::f32)};
    return [session, tensors] { session->run(tensors); };
  }

  Door layer() const {
    auto lstm =
        std::make_shared<LSTM>(LSTMCellOptions{.units = sizes_.H}, weights_, RNNOptions{.return_sequences = true});
    return {"layer", [lstm, x = batch_major_, call = call_] { (void)(*lstm)(x, call); }, session(false)};
  }

  Door bidirectional() const {
    NetworkLayer layer{.forward = spec(), .backward = spec()};
    layer.backward->rules = TimeRules::keras(true, true).in_input_order();
    const LSTM forward({.units = sizes_.H}, weights_, {.return_sequences = true});
    auto both = std::make_shared<Bidirectional>(forward, std::vector{above_});
    return {"bidirectional", [both, x = batch_major_, call = call_] { (void)(*both)(x, call); },
            network({{layer}}, {{.forward = weights_, .backward = above_}})};
  }

  Door stack() const {
    std::vector<std::shared_ptr<Cell>> cells;
    for (const RecurrentWeights& weights : {weights_, above_, top_}) {
      cells.push_back(std::make_shared<LSTMCell>(LSTMCellOptions{.units = sizes_.H}, weights));
    }
    auto stack = std::make_shared<RNN>(std::move(cells), RNNOptions{.return_sequences = true});
    return {"stack of three", [stack, x = batch_major_, call = call_] { (void)(*stack)(x, call); },
            network({{{spec()}, {spec()}, {spec()}}}, {{weights_}, {above_}, {top_}})};
  }

  Door dynamic_rnn() const {
    const std::shared_ptr<Cell> cell = std::make_shared<LSTMCell>(LSTMCellOptions{.units = sizes_.H}, weights_);
    v1::DynamicRnnOptions options;
    options.initial_state = Nest::tuple({rows(), rows()});
    options.parallel_iterations = sizes_.T;
    options.plan = call_.plan;
    return {"dynamic_rnn", [cell, x = batch_major_, options] { (void)v1::dynamic_rnn(cell, x, options); },
            session(true)};
  }

#if RONDO_HAS_ONNX
  Door onnx() const {
    const OnnxWeights weights = onnx_weights({{.cell = {.units = sizes_.H}, .weights = weights_}});
    auto runner = std::make_shared<OnnxRunner>(OnnxOperator{.kind = CellKind::lstm}, weights);
    auto session = std::make_shared<Session>(Plan::create(spec()), weights_);
    const SessionTensors tensors{
        .x = time_major_, .y = Tensor::empty(time_major_.shape(), DType::f32), .final_state = {rows(), rows()}};
    return {"onnx, all threads", [runner, x = time_major_] { (void)runner->run({.x = x}); },
            [session, tensors] { session->run(tensors); }};
  }
#endif

  Door cell() const {
    auto cell = std::make_shared<LSTMCell>(LSTMCellOptions{.units = sizes_.H}, weights_);
    const CellContext context{.plan = call_.plan};
    return {"cell",
            [cell, x = time_major_.select(0, 0), states = States{rows(), rows()}, context] {
              (void)cell->call(x, states, context);
            },
            session(true)};
  }

  Door step() const {
    auto lstm = std::make_shared<LSTM>(LSTMCellOptions{.units = sizes_.H}, weights_);
    auto states = std::make_shared<States>();
    return {"step",
            [lstm, states, x = time_major_.select(0, 0), plan = call_.plan] { (void)lstm->step(x, *states, plan); },
            session(true)};
  }

  const Sizes sizes_;
  RandomTensors random_;
  const RecurrentWeights weights_;
  const RecurrentWeights above_;
  const RecurrentWeights top_;
  const Tensor batch_major_;
  const Tensor time_major_;
  const CallOptions call_{.plan = {.threads = kThreads}};
};

double microseconds(const std::function<void()>& work, int repeats) {
  const auto begin = std::chrono::steady_clock::now();
  for (int k = 0; k < repeats; ++k) work();
  const std::chrono::duration<double, std::micro> taken = std::chrono::steady_clock::now() - begin;
  return taken.count() / repeats;
}

int repeats_for(const std::function<void()>& work, double round_ms) {
  for (int k = 0; k < 3; ++k) work();
  return std::max(1, static_cast<int>(1000 * round_ms / std::max(microseconds(work, 3), 0.01)));
}

struct Times {
  Spread call;
  Spread session;
};

Times measure(const Door& door, const FrontDoorOptions& options) {
  const int calls = repeats_for(door.call, options.round_ms);
  const int runs = repeats_for(door.session, options.round_ms);
  std::vector<double> of_calls;
  std::vector<double> of_runs;
  for (int round = 0; round < options.rounds; ++round) {
    of_calls.push_back(microseconds(door.call, calls));
    of_runs.push_back(microseconds(door.session, runs));
  }
  return {spread_of(std::move(of_calls)), spread_of(std::move(of_runs))};
}

nlohmann::ordered_json spread_json(const Spread& spread) {
  return {{"median", spread.median}, {"p10", spread.p10}, {"p90", spread.p90}};
}

}  // namespace

void run_front_door(const FrontDoorOptions& options) {
  nlohmann::ordered_json json{{"format", "rondo_front_door 1"},
                              {"commit", options.commit},
                              {"command", options.command},
                              {"device", device_json(properties_of(cpu()))}};
  const std::regex filter(options.filter);
  std::printf("%-34s %12s %12s %10s %12s %8s\n", "door", "call us", "session us", "p10..p90", "allowed us", "");
  for (const Sizes& sizes : kSizes) {
    for (const Door& door : Doors(sizes).all()) {
      if (!std::regex_search(door.name, filter)) continue;
      const Times times = measure(door, options);
      const double allowed = 1.1 * times.session.median + 1.0;
      std::printf("%-34s %12.2f %12.2f %9.1f%% %12.2f %8s\n", door.name.c_str(), times.call.median,
                  times.session.median, 100 * (times.call.p90 - times.call.p10) / times.call.median, allowed,
                  times.call.median <= allowed ? "" : "MISSED");
      json["doors"].push_back({{"door", door.name},
                               {"call_us", spread_json(times.call)},
                               {"session_us", spread_json(times.session)},
                               {"allowed_us", allowed}});
    }
  }
  if (!options.json.empty()) write_json(options.json, json);
}

}  // namespace rondo::bench
