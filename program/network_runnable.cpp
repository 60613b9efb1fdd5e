#include <rondo/rondo.h>

#include <utility>

#include "runnable.h"

namespace rondo::program {
namespace {

/// One step a call, with states that live here.
class NetworkStepper final : public Stepper {
 public:
  NetworkStepper(const LoadedNetwork& network, std::int64_t B)
      : session_(network.session({.T = 1, .B = B})),
        y_(Tensor::zeros({1, B, network.output_features()}, network.spec.layers.front().forward.dtype,
                         network.spec.layers.front().forward.device)) {
    for (const NetworkLayer& layer : network.spec.layers) {
      const RecurrenceSpec& spec = layer.forward;
      std::vector<Tensor> states;
      for (int state = 0; state < state_count(spec.cell.kind); ++state) {
        states.push_back(Tensor::zeros({B, state_units(spec.cell, state)}, spec.dtype, spec.device));
      }
      layers_.push_back({.forward = {.initial_state = states, .final_state = states}});
    }
  }

  Tensor step(const Tensor& x) override {
    session_.run({.x = x.insert_axis(0), .y = y_, .layers = layers_});
    session_.finish();
    return y_.select(0, 0);
  }

 private:
  NetworkSession session_;
  Tensor y_;
  std::vector<LayerTensors> layers_;  // a run may write the states that it read
};

class NetworkRunnable final : public Runnable {
 public:
  NetworkRunnable(LoadedNetwork network, bool batch_first, std::string remark)
      : network_(std::move(network)), batch_first_(batch_first), remark_(std::move(remark)) {}

  std::vector<Slot> inputs() const override {
    return {{.name = "x", .sizes = sizes(network_.input_features()), .dtype = dtype()}};
  }
  std::vector<Slot> outputs() const override { return {{.name = "y", .sizes = sizes(network_.output_features())}}; }

  NamedTensors run(const TensorMap& inputs) override {
    const Tensor& given = inputs.at("x");
    const Tensor x = (batch_first_ ? given.swap_axes(0, 1) : given).to(device()).contiguous();
    if (x.size(2) != network_.input_features())
      throw ValueError("x", describe(given), sizes(network_.input_features()));
    const LoadedSizes sizes{.T = x.size(0), .B = x.size(1)};
    if (!session_ || sizes_.T != sizes.T || sizes_.B != sizes.B) session_.emplace(network_.session(sizes));
    sizes_ = sizes;
    const Tensor y = Tensor::empty({sizes.T, sizes.B, network_.output_features()}, dtype(), device());
    session_->run({.x = x, .y = y});
    session_->finish();
    return {{"y", batch_first_ ? y.swap_axes(0, 1) : y}};
  }
  TensorMap example(std::int64_t T, std::int64_t B) const override {
    const std::int64_t I = network_.input_features();
    return {{"x", example_tensor(batch_first_ ? Shape{B, T, I} : Shape{T, B, I}, dtype())}};
  }
  std::string explain(std::int64_t T, std::int64_t B) const override {
    return NetworkPlan::create(network_.sized({.T = T, .B = B})).explain();
  }
  std::unique_ptr<Stepper> stream(std::int64_t B) override { return network_stepper(network_, B); }
  std::int64_t step_features() const override { return network_.input_features(); }
  DType dtype() const override { return network_.spec.layers.front().forward.dtype; }
  std::string remark() const override { return remark_; }

 private:
  Device device() const { return network_.spec.layers.front().forward.device; }
  std::string sizes(std::int64_t features) const {
    return (batch_first_ ? "(B, T, " : "(T, B, ") + std::to_string(features) + ")";
  }

  LoadedNetwork network_;
  bool batch_first_;
  std::string remark_;
  LoadedSizes sizes_ = {};
  std::optional<NetworkSession> session_;
};

}  // namespace

std::unique_ptr<Stepper> network_stepper(const LoadedNetwork& network, std::int64_t B) {
  for (std::size_t k = 0; k < network.spec.layers.size(); ++k) {
    const NetworkLayer& layer = network.spec.layers[k];
    if (!layer.backward && layer.forward.rules.reads_forward()) continue;
    throw ValueError("--stream", "layer " + std::to_string(k) + ", which reads backwards",
                     "layers that read forward, one step at a time");
  }
  return std::make_unique<NetworkStepper>(network, B);
}

std::unique_ptr<Runnable> network_runnable(LoadedNetwork network, bool batch_first, std::string remark) {
  return std::make_unique<NetworkRunnable>(std::move(network), batch_first, std::move(remark));
}

}  // namespace rondo::program
