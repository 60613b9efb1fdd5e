/// What PyTorch's parametrisations compute from their tensors, outside of training. Sums are f64, as the results are
/// rounded once, to the dtype of the tensors.
#pragma once

#include <string>

#include "rondo/tensor/tensor.h"

namespace rondo {

/// g v / |v| for v (R, C), where the shape of g says over what the norm is taken: (R, 1) over each row, (1, C) over
/// each column, () over all. Throws `ValueError` naming `where` for other shapes and dtypes.
Tensor weight_norm(const Tensor& g, const Tensor& v, const std::string& where);

/// The tensors of a spectral_norm: weight (R, C), and the vectors u (R,) and v (C,) of its largest singular value.
struct SpectralNorm {
  Tensor weight;
  Tensor u;
  Tensor v;
};

/// weight / (u W v). Throws as weight_norm.
Tensor spectral_norm(const SpectralNorm& tensors, const std::string& where);

/// weight where `mask`, of the same shape, is 1, and 0 where it is 0. Throws as weight_norm.
Tensor pruned(const Tensor& weight, const Tensor& mask, const std::string& where);

}  // namespace rondo
