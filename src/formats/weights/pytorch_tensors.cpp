#include "formats/weights/pytorch_tensors.h"

#include <algorithm>
#include <array>
#include <utility>

#include "formats/weights/pytorch_norms.h"
#include "rondo/recurrence/quantized.h"
#include "rondo/vocabulary/error.h"

namespace rondo {
namespace {

constexpr const char* kParametrizations = "parametrizations.";
constexpr const char* kHelp =
    "weight_norm or spectral_norm; torch.nn.utils.parametrize.remove_parametrizations(module, name) makes any other a "
    "tensor";

/// Rows of PyTorch's weights are the columns of QuantizedMatrix.
Tensor from_8_bits(const Tensor& bytes, const Tensor& scales, const std::string& where) {
  const bool is_matrix = bytes.rank() == 2;
  return dequantize(QuantizedMatrix{is_matrix ? bytes.swap_axes(0, 1) : bytes, scales}, where)
      .swap_axes(0, 1)
      .contiguous();
}

}  // namespace

PytorchTensors::PytorchTensors(const Safetensors& file, std::string prefix) : file_(file), prefix_(std::move(prefix)) {
  for (const NamedTensor& named : file.tensors()) names_.push_back(named.name);
  for (const UnreadableTensor& named : file.unreadable()) names_.push_back(named.name);
  std::sort(names_.begin(), names_.end());
}

std::set<std::string> PytorchTensors::ends_of(const std::string& start) const {
  std::set<std::string> ends;
  for (auto name = std::lower_bound(names_.begin(), names_.end(), start);
       name != names_.end() && name->starts_with(start); ++name) {
    ends.emplace(name->substr(start.size()));
  }
  return ends;
}

std::string PytorchTensors::where(const std::string& name) const {
  return file_.file() + ": tensor '" + prefix_ + name + "'";
}

std::optional<PytorchTensors::Found> PytorchTensors::parametrized(const std::string& name,
                                                                  const std::string& base) const {
  const std::set<std::string> ends = ends_of(base + name + ".");
  if (ends.empty()) return std::nullopt;
  if (ends == std::set<std::string>{"original0", "original1"}) return Found{Form::new_normed, base};
  if (ends == std::set<std::string>{"original", "0._u", "0._v"}) return Found{Form::new_spectral, base};
  return Found{Form::unknown, base};
}

std::vector<PytorchTensors::Found> PytorchTensors::forms(const std::string& name) const {
  std::vector<Found> found;
  for (const std::string& base : {prefix_, prefix_ + "module."}) {
    const auto has = [&](const char* end) { return file_.contains(base + name + end); };
    if (has("_raw")) found.push_back({Form::dropped, base});
    if (has("")) found.push_back({has(".scale") ? Form::in_8_bits : Form::plain, base});
    if (has("_g")) found.push_back({Form::normed, base});
    if (has("_orig")) found.push_back({has("_mask") ? Form::pruned : Form::spectral, base});
    if (const auto new_form = parametrized(name, base + kParametrizations)) found.push_back(*new_form);
  }
  return found;
}

bool PytorchTensors::contains(const std::string& name) const { return !forms(name).empty(); }

Tensor PytorchTensors::computed(const Found& found, const std::string& name) const {
  const std::string full = found.base + name;
  const auto tensor = [&](const char* end) { return file_.tensor(full + end); };
  const std::string place = where(name);
  switch (found.form) {
    case Form::plain: return tensor("");
    case Form::dropped: return tensor("_raw");
    case Form::normed: return weight_norm(tensor("_g"), tensor("_v"), place);
    case Form::new_normed: return weight_norm(tensor(".original0"), tensor(".original1"), place);
    case Form::spectral: return spectral_norm({tensor("_orig"), tensor("_u"), tensor("_v")}, place);
    case Form::new_spectral: return spectral_norm({tensor(".original"), tensor(".0._u"), tensor(".0._v")}, place);
    case Form::pruned: return pruned(tensor("_orig"), tensor("_mask"), place);
    case Form::in_8_bits: return from_8_bits(tensor(""), tensor(".scale"), place);
    case Form::unknown: break;
  }
  std::string ends;
  for (const std::string& end : ends_of(full + ".")) ends += (ends.empty() ? "" : ", ") + end;
  throw ValueError(place, "a parametrization of " + ends, kHelp);
}

Tensor PytorchTensors::find(const std::string& name) const {
  std::vector<Found> found = forms(name);
  // A module that drops weights may keep the last dropped ones beside the raw ones, under the plain name.
  const auto raw = std::find_if(found.begin(), found.end(), [](const Found& one) { return one.form == Form::dropped; });
  if (raw != found.end()) {
    found.erase(std::remove_if(found.begin(), found.end(), [](const Found& one) { return one.form == Form::plain; }),
                found.end());
  }
  if (found.empty()) return file_.tensor(prefix_ + name);  // throws, and lists the names
  if (found.size() > 1) {
    throw ValueError(where(name), "two tensors for it, in '" + found[0].base + "' and '" + found[1].base + "'", "one");
  }
  return computed(found[0], name);
}

}  // namespace rondo
