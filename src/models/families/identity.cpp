// Layers that do nothing in inference.

#include <string_view>

#include "formats/keras/keras_class.h"
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
  static const std::vector<LayerRow> kRows = [] {
    std::vector<LayerRow> rows;
    for (const char* name : training_classes()) {
      const bool is_asked = std::string_view(name) != "ActivityRegularization";
      rows.push_back({name, make_identity, is_asked ? std::vector{"training"} : std::vector<const char*>()});
    }
    return rows;
  }();
  return kRows;
}

}  // namespace rondo
