#include "layers/loop/result_forms.h"

#include "rondo/vocabulary/error.h"
#include "tensor/requirement.h"

namespace rondo {

Tree<TensorForm> forms_of(const Nest& tensors) {
  return tensors.map([](const Tensor& leaf) { return TensorForm{leaf.shape(), leaf.dtype(), leaf.device()}; });
}

void check_gradient(const std::string& name, const Nest& gradient, const Tree<TensorForm>& forms) {
  if (!gradient.same_structure(forms)) {
    throw ValueError(name, "the structure " + gradient.structure(), forms.structure() + ", as the result has it");
  }
  const std::vector<TensorForm> expected = forms.flatten();
  std::size_t next = 0;
  gradient.visit([&](const Tensor& leaf) {
    const TensorForm& form = expected[next++];
    check_tensor(leaf, {name, form.shape, form.dtype, form.device, "as the result has it"});
  });
}

ResultForms::ResultForms(const Nest& output, const States& states) : output_(forms_of(output)) {
  for (const Nest& state : states) states_.push_back(forms_of(state));
}

void ResultForms::check(const Nest& d_output, const States& d_states) const {
  if (!is_absent(d_output)) check_gradient("d_output", d_output, output_);
  if (d_states.empty()) return;
  if (d_states.size() != states_.size()) {
    throw ValueError("d_states", std::to_string(d_states.size()) + " states",
                     states_.empty() ? "none, as the call returned no states" : std::to_string(states_.size()));
  }
  for (std::size_t k = 0; k < states_.size(); ++k) {
    check_gradient("d_states[" + std::to_string(k) + "]", d_states[k], states_[k]);
  }
}

}  // namespace rondo
