#include "device/cudnn/network.h"

#include <algorithm>
#include <cmath>

#include "rondo/ops/ops.h"
#include "rondo/plan/plan.h"
#include "support/compare.h"

namespace rondo::test {
namespace {

/// Draws weights small enough that no error grows from step to step: a matrix of numbers up to 1 / sqrt(n) shortens
/// vectors.
class Draw {
 public:
  Draw(Random& random, DType rounded_to) : random_(random), rounded_to_(rounded_to) {}

  Tensor data(const Shape& shape) const { return tensor(shape, 0.5); }
  Tensor matrix(std::int64_t rows, std::int64_t columns) const {
    return tensor({rows, columns}, 1 / std::sqrt(static_cast<double>(rows)));
  }

 private:
  Tensor tensor(const Shape& shape, double scale) const {
    return random_.tensor(shape, scale, rounded_to_).to(DType::f64);
  }

  Random& random_;
  DType rounded_to_;
};

RecurrentWeights random_cell(const CudnnConfig& config, std::int64_t width, const Draw& draw) {
  const std::int64_t columns = gate_count(config.kind) * config.H;
  RecurrentWeights weights{draw.matrix(width, columns), draw.matrix(state_width(config), columns), std::nullopt};
  if (config.use_bias) weights.bias = draw.data(config.kind == CellKind::gru ? Shape{2, columns} : Shape{columns});
  return weights;
}

/// Computes one direction of one layer by an LSTM without a projection. The LSTM has m = o tanh(c) as its h. With
/// h = m P, h R = m (P R).
class PseudoLayer {
 public:
  PseudoLayer(const Network& network, std::int64_t index, Tensor x)
      : network_(network), config_(network.config), index_(static_cast<int>(index)), x_(std::move(x)) {}

  void run(const Tensor& y, const NetworkResult& result) const {
    const CudnnWeights& weights = network_.weights[static_cast<std::size_t>(index_)];
    RecurrentWeights cell = weights.cell;
    if (weights.projection) cell.recurrent_kernel = dot(*weights.projection, cell.recurrent_kernel);
    Session session(Plan::create(spec(), {.executor = "reference"}), cell);
    SessionTensors tensors{.x = x_, .lengths = network_.lengths};
    if (network_.hidden) tensors.initial_state = states(*network_.hidden, network_.initial_c);
    tensors.y = Tensor::empty({config_.T, config_.B, config_.H}, DType::f64);
    const Tensor hidden = Tensor::empty({config_.B, config_.H}, DType::f64);
    tensors.final_state = {hidden};
    if (config_.kind == CellKind::lstm) tensors.final_state.push_back(result.final_c.select(0, index_));
    session.run(tensors);
    y.copy_from(projected(*tensors.y, weights));
    result.final_h.select(0, index_).copy_from(projected(hidden, weights));
  }

 private:
  RecurrenceSpec spec() const {
    const bool backward = config_.bidirectional && index_ % 2 == 1;
    return {.cell = {.kind = config_.kind,
                     .units = config_.H,
                     .activation = config_.activation,
                     .use_bias = config_.use_bias},
            .T = config_.T,
            .B = config_.B,
            .I = x_.size(2),
            .dtype = DType::f64,
            .rules = TimeRules::onnx(backward, network_.lengths.has_value()),
            .has_lengths = network_.lengths.has_value()};
  }

  std::vector<Tensor> states(const Tensor& hidden, const std::optional<Tensor>& c) const {
    std::vector<Tensor> result{hidden.select(0, index_)};
    if (config_.kind == CellKind::lstm) result.push_back(c->select(0, index_));
    return result;
  }

  static Tensor projected(const Tensor& hidden, const CudnnWeights& weights) {
    return weights.projection ? dot(hidden, *weights.projection) : hidden;
  }

  const Network& network_;
  const CudnnConfig& config_;
  int index_;
  Tensor x_;
};

}  // namespace

Network random_network(const CudnnConfig& config, Random& random, DType rounded_to) {
  const Draw draw(random, rounded_to);
  Network network;
  network.config = config;
  network.x = draw.data({config.T, config.B, config.I});
  network.config.dtype = DType::f64;
  network.config.device = cpu();
  const std::int64_t count = pseudo_layer_count(config);
  for (std::int64_t index = 0; index < count; ++index) {
    CudnnWeights weights{random_cell(config, input_width(config, index), draw)};
    if (config.projection > 0) weights.projection = draw.matrix(config.H, config.projection);
    network.weights.push_back(weights);
  }
  if (random.coin(0.3)) return network;  // initial states are zeros
  network.hidden = draw.data({count, config.B, config.H});
  if (config.kind == CellKind::lstm) network.initial_c = draw.data({count, config.B, config.H});
  network.initial_h = Tensor::empty({count, config.B, state_width(config)}, DType::f64);
  for (int index = 0; index < static_cast<int>(count); ++index) {
    const std::optional<Tensor>& projection = network.weights[static_cast<std::size_t>(index)].projection;
    const Tensor hidden = network.hidden->select(0, index);
    network.initial_h->select(0, index).copy_from(projection ? dot(hidden, *projection) : hidden);
  }
  return network;
}

NetworkResult empty_result(const CudnnConfig& config) {
  const std::int64_t count = pseudo_layer_count(config);
  NetworkResult result;
  result.final_h = Tensor::empty({count, config.B, state_width(config)}, DType::f64);
  if (config.kind == CellKind::lstm) result.final_c = Tensor::empty({count, config.B, config.H}, DType::f64);
  return result;
}

NetworkResult reference_result(const Network& network) {
  const CudnnConfig& config = network.config;
  const std::int64_t width = state_width(config);
  NetworkResult result = empty_result(config);
  Tensor x = network.x;
  for (std::int64_t layer = 0; layer < config.layers; ++layer) {
    result.y = Tensor::empty({config.T, config.B, output_width(config)}, DType::f64);
    for (std::int64_t direction = 0; direction < direction_count(config); ++direction) {
      const PseudoLayer pseudo_layer(network, layer * direction_count(config) + direction, x);
      pseudo_layer.run(result.y.slice(2, direction * width, (direction + 1) * width), result);
    }
    x = result.y;
  }
  return result;
}

double scale_of(const Network& network, const NetworkResult& result) {
  double scale = std::max(largest_magnitude(network.x), largest_magnitude(result.y));
  scale = std::max(scale, largest_magnitude(result.final_h));
  if (network.initial_h) scale = std::max(scale, largest_magnitude(*network.initial_h));
  if (network.initial_c) scale = std::max(scale, largest_magnitude(*network.initial_c));
  return result.final_c.defined() ? std::max(scale, largest_magnitude(result.final_c)) : scale;
}

}  // namespace rondo::test
