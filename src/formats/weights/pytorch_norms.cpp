#include "formats/weights/pytorch_norms.h"

#include <cmath>
#include <functional>
#include <vector>

#include "rondo/vocabulary/error.h"
#include "tensor/requirement.h"

namespace rondo {
namespace {

using Values = std::vector<double>;

Values values_of(const Tensor& tensor) { return tensor.to(DType::f64).to_vector<double>(); }

void check_matrix(const Tensor& weight, const std::string& where) {
  if (weight.rank() != 2 || !is_floating(weight.dtype())) {
    throw ValueError(where, describe(weight), "floats of shape (rows, columns)");
  }
}

/// `weight` with each element multiplied by the factor of its row and column.
Tensor multiplied(const Tensor& weight, const std::function<double(std::size_t row, std::size_t column)>& factor) {
  Values values = values_of(weight);
  const auto columns = static_cast<std::size_t>(weight.size(1));
  for (std::size_t k = 0; k < values.size(); ++k) values[k] *= factor(k / columns, k % columns);
  return Tensor::from(values, weight.shape()).to(weight.dtype());
}

}  // namespace

Tensor weight_norm(const Tensor& g, const Tensor& v, const std::string& where) {
  check_matrix(v, where);
  const bool by_row = g.shape() == Shape{v.size(0), 1};
  const bool by_column = !by_row && g.shape() == Shape{1, v.size(1)};
  const bool over_all = g.rank() <= 1 && g.numel() == 1;
  if ((!by_row && !by_column && !over_all) || g.dtype() != v.dtype()) {
    throw ValueError(where + ": the norms of weight_norm", describe(g),
                     to_string(v.dtype()) + " of shape (" + std::to_string(v.size(0)) + ", 1), (1, " +
                         std::to_string(v.size(1)) + ") or () for " + describe(v));
  }
  const auto columns = static_cast<std::size_t>(v.size(1));
  const auto group = [&](std::size_t row, std::size_t column) { return by_row ? row : by_column ? column : 0; };
  const Values norms = values_of(g);
  const Values elements = values_of(v);
  Values squares(norms.size(), 0.0);
  for (std::size_t k = 0; k < elements.size(); ++k) {
    squares[group(k / columns, k % columns)] += elements[k] * elements[k];
  }
  return multiplied(v, [&](std::size_t row, std::size_t column) {
    const std::size_t index = group(row, column);
    return norms[index] / std::sqrt(squares[index]);
  });
}

Tensor spectral_norm(const SpectralNorm& tensors, const std::string& where) {
  const Tensor& weight = tensors.weight;
  check_matrix(weight, where);
  const std::string reason = "to fit the weight of spectral_norm";
  check_tensor(tensors.u, {where + ": u", {weight.size(0)}, weight.dtype(), std::nullopt, reason});
  check_tensor(tensors.v, {where + ": v", {weight.size(1)}, weight.dtype(), std::nullopt, reason});
  const Values elements = values_of(weight);
  const Values u = values_of(tensors.u);
  const Values v = values_of(tensors.v);
  double sigma = 0.0;
  for (std::size_t k = 0; k < elements.size(); ++k) sigma += u[k / v.size()] * elements[k] * v[k % v.size()];
  return multiplied(weight, [&](std::size_t, std::size_t) { return 1.0 / sigma; });
}

Tensor pruned(const Tensor& weight, const Tensor& mask, const std::string& where) {
  check_matrix(weight, where);
  check_tensor(mask, {where + ": mask", weight.shape(), std::nullopt, std::nullopt, "to fit the pruned weight"});
  const Values kept = values_of(mask);
  const auto columns = static_cast<std::size_t>(weight.size(1));
  return multiplied(weight, [&](std::size_t row, std::size_t column) { return kept[row * columns + column]; });
}

}  // namespace rondo
