/// Arithmetic of gradients in nests.
#pragma once

#include <string>
#include <vector>

#include "layers/loop/result_forms.h"
#include "rondo/keras/rnn.h"

namespace rondo {

using NestForm = Tree<TensorForm>;

/// The forms of all states or constants.
std::vector<NestForm> forms_of(const std::vector<Nest>& nests);

/// Zeros of these forms.
Nest zeros_of(const NestForm& form);
std::vector<Nest> zeros_of(const std::vector<NestForm>& forms);

/// A gradient that has every leaf: zeros where `given` is absent or a leaf undefined, and for leaves that are not
/// floats. Throws `ValueError` with this name where the structure or a leaf does not have the form.
Nest completed(const std::string& name, const Nest& given, const NestForm& form);
/// Of all states or constants; an empty list stands for zeros.
std::vector<Nest> completed(const std::string& name, const std::vector<Nest>& given,
                            const std::vector<NestForm>& forms);

/// The sums of two gradients, leaf by leaf, where an absent nest or an undefined leaf stands for zeros. A leaf that is
/// not of floats stays zeros.
Nest sum_of(const Nest& a, const Nest& b);
std::vector<Nest> sum_of(const std::vector<Nest>& a, const std::vector<Nest>& b);

/// The gradients of two layers beside each other.
template <typename Gradient>
std::vector<Gradient> joined(std::vector<Gradient> first, const std::vector<Gradient>& second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

}  // namespace rondo
