#include "rondo/formats/pytorch_module.h"

#include <utility>
#include <vector>

#include "layers/loop/sequence_arguments.h"
#include "plan/kept_runs.h"
#include "plan/session_status.h"
#include "rondo/tensor/stream.h"
#include "rondo/vocabulary/error.h"
#include "tensor/requirement.h"

namespace rondo {
namespace {

/// Throws `ValueError` for a length outside 0 .. T, where the host can read it.
void check_module_lengths(const Tensor& lengths, const LoadedSizes& sizes, Device device) {
  check_tensor(lengths, {"lengths", {sizes.B}, DType::i32, device});
  if (device.type != DeviceType::cpu) return;
  for (const std::int32_t length : lengths.to_vector<std::int32_t>()) {
    if (length >= 0 && length <= sizes.T) continue;
    throw ValueError("lengths", std::to_string(length), "from 0 to T = " + std::to_string(sizes.T));
  }
}

}  // namespace

struct PyTorchModule::Impl {
  Impl(const Safetensors& file, const PyTorchModuleOptions& given)
      : batch_first(given.batch_first),
        plan(given.plan),
        network(pytorch_network(file, {given.kind, given.prefix, given.activation}).to(given.device)) {
    for (const NetworkWeights& layer : network.weights) {
      SharedNetworkWeights& shared =
          weights.emplace_back(SharedNetworkWeights{.forward = SharedWeights(layer.forward)});
      if (layer.backward) shared.backward.emplace(*layer.backward);
    }
  }

  const NetworkLayer& first() const { return network.spec.layers.front(); }
  const CellSpec& cell() const { return first().forward.cell; }
  const Tensor& like() const { return network.weights.front().forward.kernel; }
  bool has_c() const { return cell().kind == CellKind::lstm; }
  std::int64_t directions() const { return first().backward ? 2 : 1; }
  /// The shape of h (0) or c (1) of all layers and directions.
  Shape states_shape(int state, std::int64_t B) const {
    return {std::ssize(network.spec.layers) * directions(), B, state_units(cell(), state)};
  }

  LoadedSizes check(const Tensor& x, const PyTorchCall& call) const;
  PyTorchOutputs run(const Tensor& x, const PyTorchCall& call);

  bool batch_first;
  PlanOptions plan;
  LoadedNetwork network;
  std::vector<SharedNetworkWeights> weights = {};
  KeptNetworks kept = {};
  KeptRecurrences kept_single = {};  // sessions of one recurrence, which cost less than those of a network

 private:
  DirectionTensors states_of(std::int64_t row, const PyTorchCall& call, const PyTorchOutputs& outputs) const;
};

LoadedSizes PyTorchModule::Impl::check(const Tensor& x, const PyTorchCall& call) const {
  const bool has_rank = x.defined() && x.rank() == 3;
  LoadedSizes sizes{.T = has_rank ? x.size(batch_first ? 1 : 0) : 0, .B = has_rank ? x.size(batch_first ? 0 : 1) : 0};
  const std::int64_t I = network.input_features();
  if (!has_rank) {
    throw ValueError("x", x.defined() ? describe(x) : "nothing",
                     std::string(batch_first ? "shape (B, T, " : "shape (T, B, ") + std::to_string(I) + ") or (T, " +
                         std::to_string(I) + ")");
  }
  const Shape shape = batch_first ? Shape{sizes.B, sizes.T, I} : Shape{sizes.T, sizes.B, I};
  check_tensor(x, {"x", shape, like().dtype(), like().device(), "to fit the weights"});
  if (call.h_0) check_tensor(*call.h_0, {"h_0", states_shape(0, sizes.B), like().dtype(), like().device()});
  if (call.c_0 && !has_c()) throw ValueError("c_0", describe(*call.c_0), "none, as the module is no LSTM");
  if (call.c_0) check_tensor(*call.c_0, {"c_0", states_shape(1, sizes.B), like().dtype(), like().device()});
  if (call.lengths) check_module_lengths(*call.lengths, sizes, like().device());
  sizes.has_lengths = call.lengths.has_value();
  return sizes;
}

DirectionTensors PyTorchModule::Impl::states_of(std::int64_t row, const PyTorchCall& call,
                                                const PyTorchOutputs& outputs) const {
  DirectionTensors tensors{.final_state = {outputs.h_n.select(0, row)}};
  if (has_c()) tensors.final_state.push_back(outputs.c_n->select(0, row));
  if (!call.h_0 && !call.c_0) return tensors;
  const auto put = [&](const std::optional<Tensor>& given, int state) {
    tensors.initial_state.push_back(given ? given->select(0, row).contiguous()
                                          : Tensor::zeros(tensors.final_state[static_cast<std::size_t>(state)].shape(),
                                                          like().dtype(), like().device()));
  };
  put(call.h_0, 0);
  if (has_c()) put(call.c_0, 1);
  return tensors;
}

PyTorchOutputs PyTorchModule::Impl::run(const Tensor& x, const PyTorchCall& call) {
  const LoadedSizes sizes = check(x, call);
  const auto empty = [&](const Shape& shape) { return Tensor::empty(shape, like().dtype(), like().device()); };
  const std::int64_t width = network.output_features();
  PyTorchOutputs outputs{.output = empty(batch_first ? Shape{sizes.B, sizes.T, width} : Shape{sizes.T, sizes.B, width}),
                         .h_n = empty(states_shape(0, sizes.B))};
  if (has_c()) outputs.c_n = empty(states_shape(1, sizes.B));
  const Tensor time_major = with_packed_features(swap_layout(x, !batch_first));
  const Tensor y = swap_layout(outputs.output, !batch_first);
  const NetworkSpec spec = network.sized(sizes);
  if (weights.size() == 1 && directions() == 1) {
    DirectionTensors states = states_of(0, call, outputs);
    run_kept(kept_single, weights[0].forward, spec.layers[0].forward, plan,
             {.x = time_major,
              .lengths = call.lengths,
              .initial_state = std::move(states.initial_state),
              .y = y,
              .final_state = std::move(states.final_state)});
    return outputs;
  }
  std::vector<LayerTensors> layers;
  for (std::int64_t layer = 0; layer < std::ssize(weights); ++layer) {
    LayerTensors& tensors = layers.emplace_back();
    tensors.forward = states_of(layer * directions(), call, outputs);
    if (directions() == 2) tensors.backward = states_of(2 * layer + 1, call, outputs);
  }
  run_kept(kept, weights, spec, network_options(plan),
           {.x = time_major, .lengths = call.lengths, .y = y, .layers = std::move(layers)});
  return outputs;
}

PyTorchModule::PyTorchModule(const Safetensors& file, const PyTorchModuleOptions& options)
    : impl_(std::make_unique<Impl>(file, options)) {}

PyTorchModule::~PyTorchModule() = default;
PyTorchModule::PyTorchModule(PyTorchModule&&) noexcept = default;
PyTorchModule& PyTorchModule::operator=(PyTorchModule&&) noexcept = default;

PyTorchOutputs PyTorchModule::operator()(const Tensor& x, const PyTorchCall& call) const {
  const bool one_sequence = x.defined() && x.rank() == 2;
  if (!one_sequence) return impl_->run(x, call);
  const int batch = impl_->batch_first ? 0 : 1;
  PyTorchCall with_batch{.lengths = call.lengths};
  const auto add_batch = [](const std::string& name, const std::optional<Tensor>& state) -> std::optional<Tensor> {
    if (!state) return std::nullopt;
    if (state->rank() != 2) throw ValueError(name, describe(*state), "shape (L D, units), as x is one sequence");
    return state->insert_axis(1);
  };
  with_batch.h_0 = add_batch("h_0", call.h_0);
  with_batch.c_0 = add_batch("c_0", call.c_0);
  PyTorchOutputs outputs = impl_->run(x.insert_axis(batch), with_batch);
  outputs.output = outputs.output.erase_axis(batch);
  outputs.h_n = outputs.h_n.erase_axis(1);
  if (outputs.c_n) outputs.c_n = outputs.c_n->erase_axis(1);
  return outputs;
}

const LoadedNetwork& PyTorchModule::network() const { return impl_->network; }

std::string PyTorchModule::explain(std::int64_t T, std::int64_t B) const {
  return NetworkPlan::create(impl_->network.sized({.T = T, .B = B}), network_options(impl_->plan)).explain();
}

SessionStatus PyTorchModule::finish() { return merged(finish_kept(impl_->kept), finish_kept(impl_->kept_single)); }

}  // namespace rondo
