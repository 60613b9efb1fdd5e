#include "layers/loop/gradient_nests.h"

#include "rondo/ops/ops.h"
#include "rondo/vocabulary/error.h"
#include "tensor/requirement.h"

namespace rondo {

std::vector<NestForm> forms_of(const std::vector<Nest>& nests) {
  std::vector<NestForm> forms;
  for (const Nest& nest : nests) forms.push_back(forms_of(nest));
  return forms;
}

Nest zeros_of(const NestForm& form) {
  return form.map([](const TensorForm& leaf) { return Tensor::zeros(leaf.shape, leaf.dtype, leaf.device); });
}

std::vector<Nest> zeros_of(const std::vector<NestForm>& forms) {
  std::vector<Nest> zeros;
  for (const NestForm& form : forms) zeros.push_back(zeros_of(form));
  return zeros;
}

Nest completed(const std::string& name, const Nest& given, const NestForm& form) {
  if (is_absent(given)) return zeros_of(form);
  if (!given.same_structure(form)) throw ValueError(name, "the structure " + given.structure(), form.structure());
  const std::vector<Tensor> leaves = given.flatten();
  std::size_t next = 0;
  return form.map([&](const TensorForm& leaf) {
    const Tensor& gradient = leaves[next++];
    if (!gradient.defined() || !is_floating(leaf.dtype)) return Tensor::zeros(leaf.shape, leaf.dtype, leaf.device);
    check_tensor(gradient, {name, leaf.shape, leaf.dtype, leaf.device});
    return gradient;
  });
}

std::vector<Nest> completed(const std::string& name, const std::vector<Nest>& given,
                            const std::vector<NestForm>& forms) {
  if (given.empty()) return zeros_of(forms);
  if (given.size() != forms.size()) {
    throw ValueError(name, std::to_string(given.size()) + " of them", std::to_string(forms.size()));
  }
  std::vector<Nest> all;
  for (std::size_t k = 0; k < forms.size(); ++k) {
    all.push_back(completed(name + "[" + std::to_string(k) + "]", given[k], forms[k]));
  }
  return all;
}

Nest sum_of(const Nest& a, const Nest& b) {
  if (is_absent(a)) return b;
  if (is_absent(b)) return a;
  const std::vector<Tensor> others = b.flatten();
  std::size_t next = 0;
  return a.map([&](const Tensor& leaf) {
    const Tensor& other = others[next++];
    if (!leaf.defined() || !other.defined()) return leaf.defined() ? leaf : other;
    return is_floating(leaf.dtype()) ? add(leaf, other) : leaf;
  });
}

std::vector<Nest> sum_of(const std::vector<Nest>& a, const std::vector<Nest>& b) {
  std::vector<Nest> sums;
  for (std::size_t k = 0; k < a.size(); ++k) sums.push_back(sum_of(a[k], b[k]));
  return sums;
}

}  // namespace rondo
