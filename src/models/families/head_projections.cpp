#include "models/families/head_projections.h"

#include <string_view>
#include <utility>

#include "rondo/ops/ops.h"
#include "rondo/vocabulary/error.h"

namespace rondo {
namespace {

// The projection that the path of a weight names, by the last of its parts that is a name of one; kRoles if none is.
int role_of(std::string_view path) {
  static constexpr std::array<std::array<std::string_view, 3>, kRoles> kNames{
      {{"query", "query_dense", "_query_dense"},
       {"key", "key_dense", "_key_dense"},
       {"value", "value_dense", "_value_dense"},
       {"attention_output", "output_dense", "_output_dense"}}};
  while (!path.empty()) {
    const std::size_t slash = path.rfind('/');
    const std::string_view part = slash == std::string_view::npos ? path : path.substr(slash + 1);
    for (int role = 0; role < kRoles; ++role) {
      for (const std::string_view name : kNames[static_cast<std::size_t>(role)]) {
        if (part == name) return role;
      }
    }
    path = slash == std::string_view::npos ? std::string_view() : path.substr(0, slash);
  }
  return kRoles;
}

// Files of Keras 3 list the projections by name, others in the order of their making.
Projections sorted_projections(const LayerSource& source, bool use_bias) {
  const std::vector<Tensor>& weights = source.exactly(use_bias ? 8 : 4);
  const std::vector<std::string>& paths = source.layer.weight_paths;
  Projections projections;
  for (std::size_t k = 0; k < weights.size(); ++k) {
    int role = k < paths.size() ? role_of(paths[k]) : kRoles;
    if (role == kRoles) role = static_cast<int>(use_bias ? k / 2 : k);
    Projection& projection = projections[static_cast<std::size_t>(role)];
    // Of a kernel and a bias, the kernel has the more axes.
    const bool first = !projection.kernel.defined();
    const bool is_kernel = first || weights[k].rank() > projection.kernel.rank();
    if (is_kernel) std::swap(projection.bias, projection.kernel);
    (is_kernel ? projection.kernel : projection.bias) = weights[k];
  }
  return projections;
}

void check_sizes(const LayerSource& source, const Projections& projections, bool use_bias) {
  const std::int64_t heads = source.config.whole("num_heads", 1);
  const std::int64_t key_dim = source.config.whole("key_dim", 1);
  const std::int64_t value_dim =
      source.config.value("value_dim").is_null() ? key_dim : source.config.whole("value_dim", 1);
  for (int role = 0; role < kRoles; ++role) {
    const Tensor& kernel = projections[static_cast<std::size_t>(role)].kernel;
    const Tensor& bias = projections[static_cast<std::size_t>(role)].bias;
    const std::int64_t size = role == kQuery || role == kKey ? key_dim : value_dim;
    const bool is_output = role == kOutput;
    bool fits = kernel.defined() && (is_output ? kernel.rank() >= 3 : kernel.rank() == 3) && bias.defined() == use_bias;
    fits = fits && kernel.size(is_output ? 0 : 1) == heads && kernel.size(is_output ? 1 : 2) == size;
    if (fits && use_bias) fits = bias.numel() == (is_output ? kernel.numel() / (heads * size) : heads * size);
    if (!fits) {
      throw ValueError(source.where() + ": weights",
                       kernel.defined() ? "a kernel " + describe(kernel) : "no kernel of a projection",
                       "projections of num_heads " + std::to_string(heads) + ", key_dim " + std::to_string(key_dim) +
                           ", value_dim " + std::to_string(value_dim));
    }
  }
}

}  // namespace

Tensor Projection::to_heads(const Tensor& x) const {
  Tensor product = dot(x, kernel.reshape({kernel.size(0), kernel.size(1) * kernel.size(2)}));
  if (bias.defined()) product = add(product, bias.reshape({bias.numel()}));
  return product.reshape({x.size(0), x.size(1), kernel.size(1), kernel.size(2)}).transpose({0, 2, 1, 3});
}

Tensor Projection::from_heads(const Tensor& x) const {
  const std::int64_t joined = kernel.size(0) * kernel.size(1);
  const Tensor rows = x.transpose({0, 2, 1, 3}).reshape({x.size(0), x.size(2), joined});
  const Tensor product = dot(rows, kernel.reshape({joined, kernel.numel() / joined}));
  Shape shape{x.size(0), x.size(2)};
  for (int axis = 2; axis < kernel.rank(); ++axis) shape = shape.insert(axis, kernel.size(axis));
  return (bias.defined() ? add(product, bias.reshape({bias.numel()})) : product).reshape(shape);
}

Projections projections_of(const LayerSource& source) {
  const bool use_bias = source.config.flag("use_bias", true);
  Projections projections = sorted_projections(source, use_bias);
  check_sizes(source, projections, use_bias);
  return projections;
}

}  // namespace rondo
