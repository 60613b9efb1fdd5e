// Runs modules that PyTorch ran as networks.
#include "rondo/formats/pytorch_module.h"
#include "rondo/ops/ops.h"
#include "rondo/plan/network.h"
#include "units/formats/golden_file.h"

namespace rondo::golden {
namespace {

struct PytorchCase {
  LoadedNetwork network;
  CellKind kind = CellKind::lstm;
  Tensor x = {};  // (T, B, I); (N, I) of a PackedSequence
  std::optional<Tensor> lengths = std::nullopt;
  std::optional<Tensor> batch_sizes = std::nullopt;  // (T); iff the module took a PackedSequence
  std::optional<Tensor> row_indices = std::nullopt;  // (B)
  std::optional<Tensor> initial_h = std::nullopt;    // (layers D, B, H)
  std::optional<Tensor> initial_c = std::nullopt;
};

struct PytorchResult {
  Tensor output;  // (T, B, D P) or (T, B, D H); (N, ...) of a PackedSequence
  std::vector<Tensor> h;
  std::vector<Tensor> c;
};

// Packed data have no axis of the batch.
bool is_batch_first(const GoldenFile& golden) { return golden.description().value("batch_first", false); }

PytorchCase read_case(const GoldenFile& golden) {
  const nlohmann::json& description = golden.description();
  PytorchPlace module{.kind = golden.kind(), .prefix = "module."};
  if (description.value("nonlinearity", "tanh") == "relu") module.activation = Activation::relu;
  PytorchCase found{.network = pytorch_network(golden.tensors(), module), .kind = golden.kind()};
  found.x = golden.tensor("x");
  if (is_batch_first(golden)) found.x = found.x.swap_axes(0, 1);
  found.lengths = golden.optional_tensor("lengths");
  found.batch_sizes = golden.optional_tensor("batch_sizes");
  found.row_indices = golden.optional_tensor("row_indices");
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

LoadedSizes sizes_of(const PytorchCase& golden) {
  if (!golden.batch_sizes) {
    return {.T = golden.x.size(0), .B = golden.x.size(1), .has_lengths = golden.lengths.has_value()};
  }
  return {.T = golden.batch_sizes->size(0), .B = golden.batch_sizes->data<std::int64_t>()[0], .packed = true};
}

PytorchResult run_network(const PytorchCase& golden) {
  const LoadedSizes sizes = sizes_of(golden);
  std::vector<LayerTensors> tensors;
  PytorchResult result;
  const auto direction = [&](const RecurrenceSpec& recurrence) {
    DirectionTensors found{.initial_state = initial_states(golden, static_cast<std::int64_t>(result.h.size()))};
    const auto rows = [&](int state) {
      return Tensor::empty({sizes.B, state_units(recurrence.cell, state)}, recurrence.dtype);
    };
    result.h.push_back(rows(0));
    found.final_state.push_back(result.h.back());
    if (golden.kind != CellKind::lstm) return found;
    result.c.push_back(rows(1));
    found.final_state.push_back(result.c.back());
    return found;
  };
  for (const NetworkLayer& layer : golden.network.spec.layers) {
    LayerTensors& states = tensors.emplace_back();
    states.forward = direction(layer.forward);
    if (layer.backward) states.backward = direction(*layer.backward);
  }
  Shape shape = golden.x.shape();
  shape[shape.rank() - 1] = golden.network.output_features();
  result.output = Tensor::empty(shape, golden.x.dtype());
  golden.network.session(sizes).run({.x = golden.x,
                                     .lengths = golden.lengths,
                                     .y = result.output,
                                     .layers = tensors,
                                     .batch_sizes = golden.batch_sizes,
                                     .row_indices = golden.row_indices});
  return result;
}

Tensor stacked(const std::vector<Tensor>& rows) {
  std::vector<Tensor> parts;
  for (const Tensor& row : rows) parts.push_back(row.insert_axis(0));
  return concat(parts, 0);
}

/// The same case through PyTorchModule, whose one call does all of the above.
std::string check_module(const GoldenFile& golden, const PytorchCase& found) {
  if (found.batch_sizes) return {};
  const bool relu = golden.description().value("nonlinearity", "tanh") == "relu";
  const PyTorchModule module(golden.tensors(), {.prefix = "module.",
                                                .activation = relu ? Activation::relu : Activation::tanh,
                                                .batch_first = is_batch_first(golden)});
  const PyTorchOutputs outputs =
      module(golden.tensor("x"), {.h_0 = found.initial_h, .c_0 = found.initial_c, .lengths = found.lengths});
  std::string differences = difference(golden, "output", outputs.output) + difference(golden, "h_n", outputs.h_n);
  if (outputs.c_n) differences += difference(golden, "c_n", *outputs.c_n);
  return differences;
}

}  // namespace

std::string check_pytorch(const GoldenFile& golden) {
  const PytorchCase found = read_case(golden);
  const PytorchResult result = run_network(found);
  const Tensor output = is_batch_first(golden) ? result.output.swap_axes(0, 1) : result.output;
  std::string differences = difference(golden, "output", output) + difference(golden, "h_n", stacked(result.h));
  if (found.kind == CellKind::lstm) differences += difference(golden, "c_n", stacked(result.c));
  return differences + check_module(golden, found);
}

}  // namespace rondo::golden
