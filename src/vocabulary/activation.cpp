#include "rondo/vocabulary/activation.h"

#include <array>
#include <utility>

#include "rondo/vocabulary/error.h"

namespace rondo {
namespace {

constexpr std::array<std::pair<Activation, const char*>, 6> kNames{{
    {Activation::linear, "linear"},
    {Activation::tanh, "tanh"},
    {Activation::sigmoid, "sigmoid"},
    {Activation::hard_sigmoid, "hard_sigmoid"},
    {Activation::hard_sigmoid_keras3, "hard_sigmoid_keras3"},
    {Activation::relu, "relu"},
}};

}  // namespace

std::string to_string(Activation activation) { return kNames[static_cast<std::size_t>(activation)].second; }

Activation activation_from_name(const std::string& name) {
  std::string known;
  for (const auto& [activation, known_name] : kNames) {
    if (name == known_name) return activation;
    known += (known.empty() ? "" : ", ") + std::string(known_name);
  }
  throw ValueError("activation", "'" + name + "'", "one of " + known);
}

}  // namespace rondo
