#include "layers/loop/result_forms.h"

#include <string>

#include "layers/loop/gradient_nests.h"
#include "rondo/vocabulary/error.h"

namespace rondo {

Tree<TensorForm> forms_of(const Nest& tensors) {
  return tensors.map([](const Tensor& leaf) { return TensorForm{leaf.shape(), leaf.dtype(), leaf.device()}; });
}

ResultForms::ResultForms(const Nest& output, const States& states) : output_(forms_of(output)) {
  for (const Nest& state : states) states_.push_back(forms_of(state));
}

ResultGradients ResultForms::completed(const Nest& d_output, const States& d_states) const {
  ResultGradients all;
  if (!is_absent(d_output)) all.output = rondo::completed("d_output", d_output, output_);
  if (d_states.empty()) return all;
  if (d_states.size() != states_.size()) {
    throw ValueError("d_states", std::to_string(d_states.size()) + " states",
                     states_.empty() ? "none, as the call returned no states" : std::to_string(states_.size()));
  }
  all.states = rondo::completed("d_states", d_states, states_);
  return all;
}

}  // namespace rondo
