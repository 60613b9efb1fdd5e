#include "models/model_layer.h"

#include <utility>

#include "rondo/vocabulary/error.h"

namespace rondo {
namespace {

class FunctionLayer final : public ModelLayer {
 public:
  explicit FunctionLayer(std::function<BoundCall(const CallSite&)> bind) : bind_(std::move(bind)) {}
  BoundCall bind(const CallSite& site) override { return bind_(site); }

 private:
  std::function<BoundCall(const CallSite&)> bind_;
};

}  // namespace

const std::vector<Tensor>& LayerSource::exactly(std::size_t count) const {
  if (weights.size() != count) {
    throw ValueError(where() + ": weights", std::to_string(weights.size()),
                     std::to_string(count) + " for its " + layer.class_name);
  }
  return weights;
}

DType LayerSource::dtype() const { return weights.empty() ? config.dtype(DType::f32) : weights.front().dtype(); }

std::unique_ptr<ModelLayer> layer_of(std::function<BoundCall(const CallSite&)> bind) {
  return std::make_unique<FunctionLayer>(std::move(bind));
}

BoundCall one_to_one(const CallSite& site, TensorNote output, bool pass, std::function<Tensor(const Tensor&)> compute) {
  site.input();
  const MaskRoute mask = pass ? site.previous_masks().front() : MaskRoute{};
  output.mask = mask.shape(site.tensors());
  BoundCall call{.outputs = {std::move(output)}, .run = {}};
  call.run = [mask, compute = std::move(compute)](std::span<const MaskedTensor> inputs,
                                                  std::span<MaskedTensor> outputs) {
    outputs[0].value = compute(inputs[0].value);
    outputs[0].mask = mask.of(inputs);
  };
  return call;
}

}  // namespace rondo
