// Dense.

#include "models/families/activation_function.h"
#include "models/families/product_with_bias.h"
#include "models/layer_table.h"
#include "rondo/vocabulary/error.h"

namespace rondo {
namespace {

std::unique_ptr<ModelLayer> make_dense(const LayerSource& source) {
  const std::int64_t units = source.config.units();
  const bool use_bias = source.config.flag("use_bias", true);
  const std::vector<Tensor>& weights = source.exactly(use_bias ? 2 : 1);
  const Tensor kernel = weights[0].contiguous();
  const Tensor bias = use_bias ? weights[1].contiguous() : Tensor();
  if (kernel.rank() != 2 || kernel.size(1) != units || (use_bias && bias.shape() != Shape{units})) {
    source.config.refuse("units", "the last size of its kernel, " + describe(kernel));
  }
  const TensorFunction activation = activation_function(source.config, "activation");
  return layer_of([kernel, bias, activation](const CallSite& site) {
    site.allow({"mask"});
    const TensorNote& x = site.input(2);
    if (!sizes_agree(x.shape[-1], kernel.size(0))) {
      site.refuse("inputs", note_text(x), "a last size of " + std::to_string(kernel.size(0)) + ", as its kernel has");
    }
    TensorNote output{x.shape.erase(-1).insert(x.shape.rank() - 1, kernel.size(1)), kernel.dtype()};
    BoundCall call = one_to_one(site, output, true, [=](const Tensor& given) {
      const Tensor sums = product_with_bias(given.to(kernel.dtype()), kernel, bias);
      return activation.is_linear ? sums : activation.compute(sums);
    });
    call.how = "matrix product, " + activation.name;
    call.stream = StreamRule::stepwise;
    return call;
  });
}

}  // namespace

std::span<const LayerRow> dense_rows() {
  static const std::vector<LayerRow> kRows = {{"Dense", make_dense, {"training"}}};
  return kRows;
}

}  // namespace rondo
