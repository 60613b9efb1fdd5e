#include "tensor/requirement.h"

#include "rondo/vocabulary/error.h"

namespace rondo {
namespace {

std::string with_reason(const std::string& text, const std::string& reason) {
  return reason.empty() ? text : text + ", " + reason;
}

bool fits(const Tensor& tensor, const Requirement& required) {
  return tensor.defined() && tensor.shape() == required.shape &&
         (!required.dtype || tensor.dtype() == *required.dtype) &&
         (!required.device || tensor.device() == *required.device);
}

std::string in_words(const Requirement& required) {
  const std::string dtype = required.dtype ? to_string(*required.dtype) : "";
  const std::string device = required.device ? " on " + to_string(*required.device) : "";
  return with_reason(dtype + to_string(required.shape) + device, required.reason);
}

}  // namespace

void check_tensor(const Tensor& tensor, const Requirement& required) {
  if (!fits(tensor, required)) throw ValueError(required.name, describe(tensor), in_words(required));
}

void check_tensor(const std::optional<Tensor>& tensor, const Requirement& required) {
  if (!tensor) throw ValueError(required.name, "none", in_words(required));
  check_tensor(*tensor, required);
}

void check_presence(const std::string& name, const std::optional<Tensor>& tensor, bool wanted,
                    const std::string& reason) {
  if (tensor.has_value() == wanted) return;
  throw ValueError(name, tensor ? describe(*tensor) : "none", with_reason(wanted ? "one" : "none", reason));
}

}  // namespace rondo
