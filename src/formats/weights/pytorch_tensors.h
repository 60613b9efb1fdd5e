/// The parameters of a PyTorch module, whatever stands in the file for them.
///
/// Source: torch/nn/utils/weight_norm.py, spectral_norm.py, prune.py and parametrizations.py of PyTorch 2.15;
/// WeightDrop of https://github.com/salesforce/awd-lstm-lm, WeightDropout of https://github.com/fastai/fastai.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "rondo/formats/safetensors.h"

namespace rondo {

/// Looks for a parameter as a tensor of its name, and as what these keep in its place:
///
///   * weight dropping (AWD-LSTM): `weight_hh_l0_raw`, beside the other parameters in `module.`. It drops nothing
///     outside of training, so the tensor is the parameter.
///   * weight_norm: `weight_hh_l0_g` and `_v`, or `parametrizations.weight_hh_l0.original0` and `original1`.
///   * spectral_norm: `weight_hh_l0_orig`, `_u` and `_v`, or `parametrizations.weight_hh_l0.original`, `0._u`, `0._v`.
///   * pruning: `weight_hh_l0_orig` and `_mask`.
///   * weights in 8 bits, as save_pytorch writes them: `weight_hh_l0` of U8, and `weight_hh_l0.scale`.
class PytorchTensors {
 public:
  /// `prefix` is the module's name with its dot. The file must outlive the object.
  PytorchTensors(const Safetensors& file, std::string prefix);

  const Safetensors& file() const { return file_; }
  const std::string& prefix() const { return prefix_; }
  /// The names of all tensors of the file, sorted.
  const std::vector<std::string_view>& names() const { return names_; }

  /// Whether the file has something for the parameter `name`, such as "weight_hh_l0".
  bool contains(const std::string& name) const;
  /// The parameter. Throws `ValueError` if the file has none, has two things for it, or has a parametrisation that is
  /// not in the list above.
  Tensor find(const std::string& name) const;
  /// What messages call the parameter.
  std::string where(const std::string& name) const;

 private:
  enum class Form : std::uint8_t {
    plain,
    dropped,
    normed,
    new_normed,
    spectral,
    pruned,
    new_spectral,
    in_8_bits,
    unknown
  };
  struct Found {
    Form form;
    std::string base;  ///< the prefix before the name, with `module.` or `parametrizations.`
  };

  /// The ends of all names that begin with `start`.
  std::set<std::string> ends_of(const std::string& start) const;
  std::vector<Found> forms(const std::string& name) const;
  std::optional<Found> parametrized(const std::string& name, const std::string& base) const;
  Tensor computed(const Found& found, const std::string& name) const;

  const Safetensors& file_;
  std::string prefix_;
  std::vector<std::string_view> names_;  ///< all of the file, sorted: a look-up must not go through a million names
};

}  // namespace rondo
