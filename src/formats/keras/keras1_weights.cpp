// Keras 1 has a kernel, a recurrent kernel and a bias for each gate: lstm_1_W_i, lstm_1_U_i, lstm_1_b_i, lstm_1_W_c ...
#include <array>
#include <iterator>
#include <optional>
#include <string_view>

#include "formats/keras/keras_weights.h"
#include "rondo/ops/ops.h"

namespace rondo {
namespace {

struct Gates {
  std::string_view in_file;  ///< the letters of the gates, in Keras 1's order
  std::string_view today;
};

constexpr std::array<Gates, 2> kGates{{{"icfo", "ifco"}, {"zrh", "zrh"}}};
constexpr std::string_view kKinds = "WUb";  // kernel, recurrent_kernel, bias

/// The end of a weight's name: "W_i" of "lstm_1_W_i:0". Empty for another name.
std::string_view end_of(std::string_view path) {
  path = path.substr(0, path.rfind(':'));
  constexpr std::size_t kLength = 4;
  if (path.size() < kLength) return {};
  const std::string_view end = path.substr(path.size() - kLength);
  return end[0] == '_' && end[2] == '_' ? end.substr(1) : std::string_view();
}

bool begins_at(const KerasLayer& layer, std::size_t first, const Gates& gates) {
  const std::size_t count = kKinds.size() * gates.in_file.size();
  if (first + count > layer.weights.size()) return false;
  for (std::size_t k = 0; k < count; ++k) {
    const char gate = gates.in_file[k / kKinds.size()];
    const char kind = kKinds[k % kKinds.size()];
    if (end_of(layer.weight_paths[first + k]) != std::string{kind, '_', gate}) return false;
    const Tensor& weight = layer.weights[first + k];
    const Tensor& model = layer.weights[first + k % kKinds.size()];
    if (weight.rank() != (kind == 'b' ? 1 : 2) || weight.shape() != model.shape()) return false;
    if (weight.dtype() != layer.weights[first].dtype()) return false;
  }
  return true;
}

/// Puts one array of all gates in place of the arrays from `first` on.
void join(KerasLayer& layer, std::size_t first, const Gates& gates) {
  std::vector<Tensor> joined;
  for (std::size_t kind = 0; kind < kKinds.size(); ++kind) {
    std::vector<Tensor> parts;
    for (const char gate : gates.today) {
      parts.push_back(layer.weights[first + kKinds.size() * gates.in_file.find(gate) + kind]);
    }
    joined.push_back(concat(parts, kind == 2 ? 0 : 1));
  }
  const auto from = static_cast<std::ptrdiff_t>(first);
  const auto replaced = static_cast<std::ptrdiff_t>(kKinds.size());
  const auto to = from + replaced * static_cast<std::ptrdiff_t>(gates.in_file.size());
  layer.weights.erase(layer.weights.begin() + from + replaced, layer.weights.begin() + to);
  layer.weight_paths.erase(layer.weight_paths.begin() + from + replaced, layer.weight_paths.begin() + to);
  std::move(joined.begin(), joined.end(), layer.weights.begin() + from);
}

}  // namespace

void join_keras1_gates(KerasLayer& layer) {
  for (std::size_t first = 0; first < layer.weights.size(); ++first) {
    for (const Gates& gates : kGates) {
      if (begins_at(layer, first, gates)) join(layer, first, gates);
    }
  }
}

}  // namespace rondo
