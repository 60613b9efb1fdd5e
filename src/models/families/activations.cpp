// Activation and the layers that are activations.

#include "models/families/activation_function.h"
#include "models/layer_table.h"
#include "rondo/ops/ops.h"
#include "rondo/vocabulary/error.h"

namespace rondo {
namespace {

/// A layer that applies a function to its input and passes its mask on.
std::unique_ptr<ModelLayer> applied(TensorFunction function) {
  return layer_of([function = std::move(function)](const CallSite& site) {
    site.allow({"mask"});
    BoundCall call = one_to_one(site, site.input(), true, function.compute);
    call.how = function.name;
    // A softmax over the axis of time needs all of it; along the last axis it does only where that is the time axis.
    const bool stepwise = !function.along_last_axis || site.input().shape.rank() > 2;
    call.stream = stepwise ? StreamRule::stepwise : StreamRule::whole;
    return call;
  });
}

std::unique_ptr<ModelLayer> make_activation(const LayerSource& source) {
  return applied(activation_function(source.config, "activation"));
}

}  // namespace

std::span<const LayerRow> activation_rows() {
  static const std::vector<LayerRow> kRows = {{"Activation", make_activation, {}}};
  return kRows;
}

}  // namespace rondo
