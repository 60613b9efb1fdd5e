// Runs modules that PyTorch ran as networks.
#include "rondo/formats/pytorch_weights.h"
#include "rondo/ops/ops.h"
#include "rondo/plan/network.h"
#include "units/formats/golden_file.h"

namespace rondo::golden {
namespace {

struct PytorchCase {
  std::vector<PytorchModuleLayer> layers;
  CellKind kind = CellKind::lstm;
  Activation activation = Activation::tanh;
  Tensor x = {};  // (T, B, I)
  std::optional<Tensor> lengths = std::nullopt;
  std::optional<Tensor> initial_h = std::nullopt;  // (layers D, B, H)
  std::optional<Tensor> initial_c = std::nullopt;
};

struct PytorchResult {
  Tensor output;  // (T, B, D P) or (T, B, D H)
  std::vector<Tensor> h;
  std::vector<Tensor> c;
};

PytorchCase read_case(const GoldenFile& golden) {
  PytorchCase found{.layers = pytorch_module(golden.tensors(), golden.kind(), "module."), .kind = golden.kind()};
  const nlohmann::json& description = golden.description();
  if (description.value("nonlinearity", "tanh") == "relu") found.activation = Activation::relu;
  found.x = golden.tensor("x");
  if (description.at("batch_first")) found.x = found.x.swap_axes(0, 1);
  found.lengths = golden.optional_tensor("lengths");
  found.initial_h = golden.optional_tensor("initial/h_n");
  found.initial_c = golden.optional_tensor("initial/c_n");
  return found;
}

std::vector<Tensor> initial_states(const PytorchCase& golden, std::int64_t row) {
  std::vector<Tensor> states;
  if (golden.initial_h) states.push_back(golden.initial_h->select(0, row));
  if (golden.initial_c) states.push_back(golden.initial_c->select(0, row));
  return states;
}

RecurrenceSpec spec_of(const PytorchCase& golden, const RecurrentWeights& weights, bool backward) {
  CellSpec cell{.kind = golden.kind,
                .units = weights.recurrent_kernel.size(1) / gate_count(golden.kind),
                .activation = golden.activation,
                .use_bias = weights.bias.has_value()};
  if (weights.projection) cell.projection_units = weights.projection->size(1);
  return {.cell = cell,
          .T = golden.x.size(0),
          .B = golden.x.size(1),
          .I = weights.kernel.size(0),
          .dtype = golden.x.dtype(),
          .rules = TimeRules::onnx(backward, golden.lengths.has_value()),
          .has_lengths = golden.lengths.has_value()};
}

PytorchResult run_network(const PytorchCase& golden) {
  NetworkSpec spec;
  std::vector<NetworkWeights> weights;
  std::vector<LayerTensors> tensors;
  PytorchResult result;
  const auto direction = [&](const RecurrenceSpec& recurrence) {
    DirectionTensors found{.initial_state = initial_states(golden, static_cast<std::int64_t>(result.h.size()))};
    const auto rows = [&](int state) {
      return Tensor::empty({recurrence.B, state_units(recurrence.cell, state)}, recurrence.dtype);
    };
    result.h.push_back(rows(0));
    found.final_state.push_back(result.h.back());
    if (golden.kind != CellKind::lstm) return found;
    result.c.push_back(rows(1));
    found.final_state.push_back(result.c.back());
    return found;
  };
  for (const PytorchModuleLayer& layer : golden.layers) {
    NetworkLayer place{.forward = spec_of(golden, layer.forward, false)};
    NetworkWeights given{.forward = layer.forward};
    LayerTensors states{.forward = direction(place.forward)};
    if (layer.backward) {
      place.backward = spec_of(golden, *layer.backward, true);
      given.backward = *layer.backward;
      states.backward = direction(*place.backward);
    }
    spec.layers.push_back(place);
    weights.push_back(given);
    tensors.push_back(states);
  }
  const RecurrenceSpec& first = spec.layers[0].forward;
  result.output = Tensor::empty({first.T, first.B, output_features(spec.layers.back())}, first.dtype);
  NetworkSession(NetworkPlan::create(spec), weights)
      .run({.x = golden.x, .lengths = golden.lengths, .y = result.output, .layers = tensors});
  return result;
}

Tensor stacked(const std::vector<Tensor>& rows) {
  std::vector<Tensor> parts;
  for (const Tensor& row : rows) parts.push_back(row.insert_axis(0));
  return concat(parts, 0);
}

}  // namespace

std::string check_pytorch(const GoldenFile& golden) {
  const PytorchCase found = read_case(golden);
  const PytorchResult result = run_network(found);
  const bool batch_first = golden.description().at("batch_first");
  std::string differences = difference(golden, "output", batch_first ? result.output.swap_axes(0, 1) : result.output) +
                            difference(golden, "h_n", stacked(result.h));
  if (found.kind == CellKind::lstm) differences += difference(golden, "c_n", stacked(result.c));
  return differences;
}

}  // namespace rondo::golden
