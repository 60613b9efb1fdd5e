#include <algorithm>
#include <map>
#include <utility>

#include "formats/network/saved_layers.h"
#include "rondo/formats/pytorch_weights.h"
#include "rondo/recurrence/quantized.h"
#include "rondo/vocabulary/error.h"

namespace rondo {
namespace {

/// Throws unless nn.RNN, LSTM or GRU computes what `cell` does.
void check_activations(const CellSpec& cell, std::size_t index) {
  const bool is_rnn = cell.kind == CellKind::simple_rnn;
  const bool fits = is_rnn ? cell.activation == Activation::tanh || cell.activation == Activation::relu
                           : cell.activation == Activation::tanh && cell.recurrent_activation == Activation::sigmoid;
  if (fits) return;
  throw ValueError(layer_name(index) + ": activations",
                   to_string(cell.activation) + (is_rnn ? "" : " and " + to_string(cell.recurrent_activation)),
                   is_rnn ? "tanh or relu, those of torch.nn.RNN" : "tanh and sigmoid, those of PyTorch");
}

/// Throws unless all layers can be of one module, as PyTorch has them.
void check_one_module(const LoadedNetwork& network) {
  const auto both = [](const NetworkLayer& layer) { return layer_order(layer) == LayerOrder::both_directions; };
  const NetworkLayer& first = network.spec.layers.front();
  for (std::size_t k = 0; k < network.spec.layers.size(); ++k) {
    const NetworkLayer& layer = network.spec.layers[k];
    check_plain_layer(layer, k, "PyTorch", true);
    if (!both(layer) && layer_order(layer) != LayerOrder::forward) {
      throw ValueError(layer_name(k), "a layer that reads backwards", "forward or both directions, as PyTorch has it");
    }
    check_activations(layer.forward.cell, k);
    CellSpec other = layer.forward.cell;
    other.use_bias = first.forward.cell.use_bias;
    other.reset_after = first.forward.cell.reset_after;
    const bool same = other == first.forward.cell && both(layer) == both(first) &&
                      layer.forward.cell.use_bias == first.forward.cell.use_bias &&
                      (!layer.backward || layer.backward->cell == layer.forward.cell);
    if (!same) {
      throw ValueError(layer_name(k), to_string(layer.forward),
                       "the cell, units and directions of layer 0, as all "
                       "layers of a PyTorch module have them");
    }
  }
}

/// Adds a parameter as PyTorchSaveOptions::int8 says.
void put_in_8_bits(const NamedTensor& named, const std::string& prefix, std::vector<NamedTensor>& tensors) {
  const std::string name = named.name.substr(prefix.size());
  if (!name.starts_with("weight_ih") && !name.starts_with("weight_hh")) {
    tensors.push_back({named.name, named.tensor.to(DType::f32)});
    return;
  }
  const QuantizedMatrix matrix = quantize(named.tensor.swap_axes(0, 1), named.name);
  tensors.push_back({named.name, matrix.bytes.swap_axes(0, 1).contiguous()});
  tensors.push_back({named.name + ".scale", matrix.scales});
}

}  // namespace

std::string pytorch_class(const LoadedNetwork& network) {
  const RecurrenceSpec& first = network.spec.layers.front().forward;
  std::string text = "torch.nn.";
  text += first.cell.kind == CellKind::lstm ? "LSTM" : first.cell.kind == CellKind::gru ? "GRU" : "RNN";
  text += "(" + std::to_string(first.I) + ", " + std::to_string(first.cell.units);
  if (network.spec.layers.size() > 1) text += ", num_layers=" + std::to_string(network.spec.layers.size());
  if (network.spec.layers.front().backward) text += ", bidirectional=True";
  if (!first.cell.use_bias) text += ", bias=False";
  if (first.cell.projection_units) text += ", proj_size=" + std::to_string(*first.cell.projection_units);
  if (first.cell.kind == CellKind::simple_rnn && first.cell.activation == Activation::relu) {
    text += ", nonlinearity='relu'";
  }
  return text + ")";
}

void save_pytorch(const std::filesystem::path& path, const LoadedNetwork& network, const std::string& prefix,
                  const PyTorchSaveOptions& options) {
  check_one_module(network);
  std::vector<NamedTensor> tensors;
  for (std::size_t k = 0; k < network.weights.size(); ++k) {
    const auto put = [&](const RecurrentWeights& weights, bool reverse) {
      const PytorchLayer place{.kind = network.spec.layers[k].forward.cell.kind,
                               .prefix = prefix,
                               .layer = static_cast<int>(k),
                               .reverse = reverse};
      for (NamedTensor& named : pytorch_parameters(weights.to(cpu()), place)) {
        if (options.int8) {
          put_in_8_bits(named, prefix, tensors);
        } else {
          tensors.push_back(std::move(named));
        }
      }
    };
    put(network.weights[k].forward, false);
    if (network.weights[k].backward) put(*network.weights[k].backward, true);
  }
  std::map<std::string, std::string> metadata{{"format", "pt"}, {"module", pytorch_class(network)}};
  if (options.int8) metadata["weights"] = "of U8: (byte - 128) * NAME.scale of the row";
  save_safetensors(path, tensors, metadata);
}

}  // namespace rondo
