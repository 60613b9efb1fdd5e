// Layers that do nothing in inference.

#include "models/layer_table.h"

namespace rondo {
namespace {

std::unique_ptr<ModelLayer> make_identity(const LayerSource&) {
  return layer_of([](const CallSite& site) {
    site.allow({"mask"});
    BoundCall call = one_to_one(site, site.input(), true, [](const Tensor& x) { return x; });
    const MaskRoute mask = site.previous_masks().front();
    call.is_identity = site.inputs().tensors[0] == 0 && mask.kind != MaskRoute::Kind::given;
    call.how = "nothing in inference";
    call.stream = StreamRule::stepwise;
    return call;
  });
}

}  // namespace

std::span<const LayerRow> identity_rows() {
  static const std::vector<LayerRow> kRows = {
      {"ActivityRegularization", make_identity, {}},     {"AlphaDropout", make_identity, {"training"}},
      {"Dropout", make_identity, {"training"}},          {"GaussianDropout", make_identity, {"training"}},
      {"GaussianNoise", make_identity, {"training"}},    {"SpatialDropout1D", make_identity, {"training"}},
      {"SpatialDropout2D", make_identity, {"training"}}, {"SpatialDropout3D", make_identity, {"training"}}};
  return kRows;
}

}  // namespace rondo
