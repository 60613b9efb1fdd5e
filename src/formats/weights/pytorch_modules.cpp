// Whole modules: their layers, and which modules a file has.
#include <algorithm>
#include <set>
#include <string_view>
#include <utility>

#include "formats/weights/pytorch_layer.h"
#include "formats/weights/pytorch_tensors.h"
#include "rondo/vocabulary/error.h"

namespace rondo {
namespace {

std::int64_t output_features(const RecurrentWeights& weights) { return weights.recurrent_kernel.size(0); }

void check_inputs(const RecurrentWeights& weights, std::int64_t expected, const std::string& where) {
  const std::int64_t came = weights.kernel.size(0);
  if (came != expected) {
    throw ValueError(where, std::to_string(came) + " inputs",
                     std::to_string(expected) + ", the outputs of the layer below");
  }
}

/// The number k of a parameter `weight_hh_l{k}`, and its direction.
struct LayerName {
  std::size_t layer = 0;
  bool reverse = false;
};

/// Takes a name apart; absent for what is no parameter of a recurrent module.
std::optional<LayerName> layer_name(std::string_view name) {
  for (const std::string_view first : {"module.", "parametrizations."}) {
    if (name.starts_with(first)) name.remove_prefix(first.size());
  }
  for (const std::string_view first : {"weight_ih_l", "weight_hh_l", "weight_hr_l", "bias_ih_l", "bias_hh_l"}) {
    if (!name.starts_with(first)) continue;
    name.remove_prefix(first.size());
    const std::size_t digits = std::min(name.find_first_not_of("0123456789"), name.size());
    if (digits == 0 || digits > 6) return std::nullopt;
    return LayerName{.layer = std::stoul(std::string(name.substr(0, digits))),
                     .reverse = name.substr(digits).starts_with("_reverse")};
  }
  return std::nullopt;
}

/// Throws for weights of the module that are in none of its layers: numbers with a gap, a direction of one layer alone.
void check_all_read(const PytorchTensors& tensors, std::size_t layers, bool bidirectional) {
  for (const std::string_view full_name : tensors.names()) {
    if (!full_name.starts_with(tensors.prefix())) continue;
    const auto name = layer_name(full_name.substr(tensors.prefix().size()));
    if (!name || (name->layer < layers && (bidirectional || !name->reverse))) continue;
    throw ValueError(tensors.file().file() + ": tensor '" + std::string(full_name) + "'",
                     "a layer that does not follow",
                     "a module of " + std::to_string(layers) + (layers == 1 ? " layer" : " layers") +
                         (bidirectional ? " in both directions" : " in one direction") + ", as weight_hh says");
  }
}

/// The kind that the shape of weight_hh tells: (4 H, H), (3 H, H) or (H, H). Projections are an LSTM's.
CellKind kind_of(const PytorchTensors& tensors, const std::string& suffix) {
  if (tensors.contains("weight_hr" + suffix)) return CellKind::lstm;
  const Tensor recurrent = tensors.find("weight_hh" + suffix);
  const std::int64_t columns = recurrent.rank() == 2 ? recurrent.size(1) : 0;
  for (const CellKind kind : {CellKind::lstm, CellKind::gru, CellKind::simple_rnn}) {
    if (columns > 0 && recurrent.size(0) % columns == 0 && recurrent.size(0) / columns == gate_count(kind)) return kind;
  }
  throw ValueError(tensors.where("weight_hh" + suffix), describe(recurrent),
                   "floats of shape (4 H, H), (3 H, H) or (H, H)");
}

}  // namespace

std::vector<PytorchModuleLayer> pytorch_module(const Safetensors& file, CellKind kind, const std::string& prefix) {
  const PytorchTensors tensors(file, prefix);
  std::vector<PytorchModuleLayer> layers;
  const auto has = [&](bool reverse) {
    return tensors.contains(
        "weight_hh" + pytorch_suffix({.kind = kind, .layer = static_cast<int>(layers.size()), .reverse = reverse}));
  };
  const bool bidirectional = has(true);
  std::int64_t below = 0;
  do {
    PytorchLayer place{.kind = kind, .prefix = prefix, .layer = static_cast<int>(layers.size())};
    const std::string where = file.file() + ": layer " + std::to_string(layers.size());
    PytorchModuleLayer layer{.forward = read_pytorch_layer(tensors, place)};
    if (!layers.empty()) check_inputs(layer.forward, below, where);
    below = output_features(layer.forward);
    if (bidirectional) {
      place.reverse = true;
      layer.backward = read_pytorch_layer(tensors, place);
      check_inputs(*layer.backward, layer.forward.kernel.size(0), where + ", reverse");
      below += output_features(*layer.backward);
    }
    layers.push_back(std::move(layer));
  } while (has(false));
  check_all_read(tensors, layers.size(), bidirectional);
  return layers;
}

CellKind pytorch_kind(const Safetensors& file, const std::string& prefix) {
  const PytorchTensors tensors(file, prefix);
  const bool is_cell = !tensors.contains("weight_hh_l0") && tensors.contains("weight_hh");
  return kind_of(tensors, is_cell ? "" : "_l0");
}

std::vector<std::string> pytorch_prefixes(const Safetensors& file) {
  std::set<std::string> prefixes;
  const PytorchTensors tensors(file, "");
  for (const std::string_view name : tensors.names()) {
    std::size_t at = name.rfind("weight_hh");
    if (at == std::string_view::npos || (at > 0 && name[at - 1] != '.')) continue;
    std::string_view prefix = name.substr(0, at);
    constexpr std::string_view kParametrizations = "parametrizations.";
    if (prefix.ends_with(kParametrizations)) prefix.remove_suffix(kParametrizations.size());
    prefixes.emplace(prefix);
  }
  return {prefixes.begin(), prefixes.end()};
}

std::string pytorch_prefix(const Safetensors& file, const std::string& name) {
  const std::vector<std::string> known = pytorch_prefixes(file);
  std::string list;
  for (const std::string& prefix : known) list += (list.empty() ? "'" : ", '") + prefix + "'";
  if (known.empty()) {
    throw ValueError(file.file(), "no modules", "the weights of a torch.nn.LSTM, GRU, RNN or a cell");
  }
  if (name.empty() && known.size() == 1) return known[0];
  for (const std::string& prefix : {name, name + "."}) {
    if (std::find(known.begin(), known.end(), prefix) != known.end()) return prefix;
  }
  if (!name.empty()) throw ValueError(file.file() + ": module", "'" + name + "'", "one of " + list);
  throw ValueError(file.file(), std::to_string(known.size()) + " modules: " + list, "the name of one of them");
}

}  // namespace rondo
