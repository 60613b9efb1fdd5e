#include "formats/onnx/onnx_activations.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <limits>
#include <optional>
#include <string_view>

#include "rondo/vocabulary/error.h"

namespace rondo {
namespace {

struct Row {
  std::string_view name;
  ActivationKind kind;
  std::optional<float> alpha = std::nullopt;  ///< the default of the operator of this name; absent: no such parameter
  std::optional<float> beta = std::nullopt;
};

constexpr std::array kRows{Row{"Tanh", ActivationKind::tanh},
                           Row{"Sigmoid", ActivationKind::sigmoid},
                           Row{"Relu", ActivationKind::relu},
                           Row{"Affine", ActivationKind::affine, 1.0F, 0.0F},
                           Row{"LeakyRelu", ActivationKind::leaky_relu, 0.01F},
                           Row{"ThresholdedRelu", ActivationKind::thresholded_relu, 1.0F},
                           Row{"ScaledTanh", ActivationKind::scaled_tanh, 1.0F, 1.0F},
                           Row{"HardSigmoid", ActivationKind::hard_sigmoid_onnx, 0.2F, 0.5F},
                           Row{"Elu", ActivationKind::elu, 1.0F},
                           Row{"Softsign", ActivationKind::softsign},
                           Row{"Softplus", ActivationKind::softplus}};

std::string lower_case(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return lower;
}

/// The same function as a basic activation, which more executors have, where it is one.
Activation simplest(const Row& row, float alpha, float beta) {
  if (row.kind == ActivationKind::affine && alpha == 1.0F && beta == 0.0F) return Activation::linear;
  if (row.kind == ActivationKind::hard_sigmoid_onnx && beta == 0.5F) {
    if (alpha == 0.2F) return Activation::hard_sigmoid;
    // Some exporters write 0.16666667f, others the result of a division, a few units in the last place off 1 / 6.
    if (std::abs(alpha * 6.0F - 1.0F) <= 4 * std::numeric_limits<float>::epsilon()) {
      return Activation::hard_sigmoid_keras3;
    }
  }
  if (row.beta) return {row.kind, alpha, beta};
  return row.alpha ? Activation(row.kind, alpha) : Activation(row.kind);
}

}  // namespace

Activation parse_onnx_activation(const std::string& name, OnnxParameters& alphas, OnnxParameters& betas,
                                 const std::string& where) {
  std::string known;
  for (const Row& row : kRows) {
    known += (known.empty() ? "'" : ", '") + std::string(row.name) + "'";
    if (lower_case(name) != lower_case(row.name)) continue;
    const float alpha = row.alpha ? alphas.take(*row.alpha) : 0.0F;
    const float beta = row.beta ? betas.take(*row.beta) : 0.0F;
    if (!std::isfinite(alpha) || !std::isfinite(beta)) {
      throw ValueError(where, name + " of alpha " + std::to_string(alpha) + " and beta " + std::to_string(beta),
                       "finite numbers");
    }
    return simplest(row, alpha, beta);
  }
  throw ValueError(where, "'" + name + "'", "one of " + known);
}

std::optional<OnnxFunction> find_onnx_function(const Activation& activation) {
  if (activation == Activation::linear) return OnnxFunction{"Affine", {1.0F}, {0.0F}};
  if (activation == Activation::hard_sigmoid) return OnnxFunction{"HardSigmoid", {0.2F}, {0.5F}};
  if (activation == Activation::hard_sigmoid_keras3) return OnnxFunction{"HardSigmoid", {1.0F / 6.0F}, {0.5F}};
  for (const Row& row : kRows) {
    if (row.kind != activation.kind) continue;
    OnnxFunction function{std::string(row.name)};
    if (row.alpha) function.alpha.push_back(static_cast<float>(activation.alpha));
    if (row.beta) function.beta.push_back(static_cast<float>(activation.beta));
    return function;
  }
  return std::nullopt;
}

}  // namespace rondo
