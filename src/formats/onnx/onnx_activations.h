/// The functions of the attribute `activations` of ONNX's recurrent operators.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "rondo/vocabulary/activation.h"

namespace rondo {

/// A list of alphas or betas. Only functions with that parameter take the next value of the list; after the end of the
/// list they take the default of the ONNX operator of the function's name.
class OnnxParameters {
 public:
  explicit OnnxParameters(std::vector<float> values) : values_(std::move(values)) {}
  float take(float fallback) { return next_ < values_.size() ? values_[next_++] : fallback; }

 private:
  std::vector<float> values_;
  std::size_t next_ = 0;
};

/// The function of a name in lower or upper case, as ONNX Runtime takes it. Throws `ValueError` naming `where`.
Activation parse_onnx_activation(const std::string& name, OnnxParameters& alphas, OnnxParameters& betas,
                                 const std::string& where);

/// What ONNX calls an activation, with its parameters.
struct OnnxFunction {
  std::string name;
  std::vector<float> alpha = {};
  std::vector<float> beta = {};
};

/// Absent for an activation that ONNX's recurrent operators do not have.
std::optional<OnnxFunction> find_onnx_function(const Activation& activation);

}  // namespace rondo
