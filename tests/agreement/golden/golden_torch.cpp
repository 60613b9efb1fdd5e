#include "agreement/golden/golden_torch.h"

#include <numeric>

#include "rondo/formats/pytorch_weights.h"
#include "rondo/ops/ops.h"
#include "support/cell_kinds.h"

namespace rondo::golden {
namespace {

/// The live rows of (T, B, width), in the order that PyTorch's sizes and indices say: (N, width).
Tensor packed(const GoldenCase& golden, const Tensor& padded) {
  const auto numbers = [](const Tensor& tensor) { return tensor.to(cpu()).to_vector<std::int64_t>(); };
  const std::vector<std::int64_t> sizes = numbers(golden.tensor("batch_sizes"));
  std::vector<std::int64_t> rows(static_cast<std::size_t>(padded.size(1)));
  std::iota(rows.begin(), rows.end(), 0);
  if (const auto indices = golden.optional_tensor("row_indices")) rows = numbers(*indices);
  const Tensor on_cpu = padded.to(cpu());
  std::vector<Tensor> live;
  for (std::size_t t = 0; t < sizes.size(); ++t) {
    const Tensor step = on_cpu.select(0, static_cast<std::int64_t>(t));
    for (std::int64_t n = 0; n < sizes[t]; ++n) {
      const std::int64_t b = rows[static_cast<std::size_t>(n)];
      live.push_back(step.slice(0, b, b + 1));
    }
  }
  return concat(live, 0).to(padded.device());
}

}  // namespace

CellKind kind_of_module(const GoldenCase& golden) { return test::kind_from_name(golden.description().at("kind")); }

LoadedNetwork network_of(const GoldenCase& golden) {
  PytorchPlace module{.kind = kind_of_module(golden), .prefix = "module."};
  if (golden.options().value("nonlinearity", "tanh") == "relu") module.activation = Activation::relu;
  return pytorch_network(golden.file(), module).to(golden.device());
}

bool is_packed(const GoldenCase& golden) { return golden.optional_tensor("batch_sizes").has_value(); }

NetworkSpec spec_of(const GoldenCase& golden, const LoadedNetwork& network, Form form, Keep keep) {
  const Tensor x = sequence_of(golden, "x", Form::padded);
  NetworkSpec spec = network.sized({.T = x.size(0),
                                    .B = x.size(1),
                                    .has_lengths = is_packed(golden) && form == Form::padded,
                                    .packed = form == Form::packed});
  for (NetworkLayer& layer : spec.layers) {
    layer.forward.keep = keep;
    if (layer.backward) layer.backward->keep = keep;
  }
  return spec;
}

Tensor sequence_of(const GoldenCase& golden, const std::string& name, Form form) {
  Tensor padded = golden.tensor(name);
  if (golden.option("batch_first")) padded = padded.swap_axes(0, 1);
  return form == Form::packed ? packed(golden, padded) : padded;
}

StackedStates::StackedStates(const GoldenCase& golden, const std::string& prefix) {
  for (const char* name : {"h_n", "c_n"}) {
    if (const auto state = golden.optional_tensor(prefix + name)) states_.push_back({name, *state});
  }
}

StackedStates StackedStates::unwritten_like_these() const {
  StackedStates result = *this;
  for (NamedTensor& state : result.states_) state.tensor = unwritten(state.tensor);
  return result;
}

std::vector<Tensor> StackedStates::row(std::int64_t row) const {
  std::vector<Tensor> views;
  for (const NamedTensor& state : states_) views.push_back(state.tensor.select(0, row));
  return views;
}

std::string StackedStates::differences(const GoldenCase& golden, const std::string& prefix) const {
  std::string text;
  for (const NamedTensor& state : states_) text += difference(golden, prefix + state.name, state.tensor);
  return text;
}

}  // namespace rondo::golden
