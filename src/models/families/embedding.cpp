// Embedding and Masking: the layers that begin masks.

#include <cstring>

#include "models/layer_table.h"
#include "ops/check.h"
#include "rondo/ops/ops.h"
#include "rondo/vocabulary/error.h"

namespace rondo {
namespace {

/// Copies rows of `table` (N, F), on the CPU, for `ids` of any shape and of i32 or i64.
template <typename Id>
Tensor rows_of(const Tensor& table, const Tensor& ids, const std::string& where) {
  Tensor result = Tensor::empty(ids.shape().insert(ids.rank(), table.size(1)), table.dtype());
  const std::size_t bytes = size_of(table.dtype()) * static_cast<std::size_t>(table.size(1));
  const auto* source = static_cast<const std::byte*>(table.data());
  auto* target = static_cast<std::byte*>(result.data());
  const Id* id = ids.data<Id>();
  const std::int64_t count = ids.numel();
  for (std::int64_t k = 0; k < count; ++k, target += bytes) {
    if (id[k] < 0 || id[k] >= table.size(0)) {
      throw ValueError(where + ": inputs", "the number " + std::to_string(id[k]),
                       "numbers from 0 to " + std::to_string(table.size(0) - 1) + ", as its input_dim says");
    }
    std::memcpy(target, source + static_cast<std::size_t>(id[k]) * bytes, bytes);
  }
  return result;
}

Tensor looked_up(const Tensor& table, const Tensor& given, const std::string& where) {
  Tensor ids = given.to(cpu());
  if (ids.dtype() != DType::i32 && ids.dtype() != DType::i64) ids = ids.to(DType::i32);  // as Keras casts
  ids = ids.contiguous();
  return ids.dtype() == DType::i32 ? rows_of<std::int32_t>(table, ids, where)
                                   : rows_of<std::int64_t>(table, ids, where);
}

std::unique_ptr<ModelLayer> make_embedding(const LayerSource& source) {
  const Tensor table = source.exactly(1)[0].to(cpu()).contiguous();
  const Shape shape{source.config.whole("input_dim", 1), source.config.whole("output_dim", 1)};
  if (table.shape() != shape) source.config.refuse("input_dim", describe(table) + " as its embeddings are");
  const bool mask_zero = source.config.flag("mask_zero", false);
  return layer_of([table, mask_zero, device = source.setting.device](const CallSite& site) {
    site.allow({"mask"});
    const TensorNote& ids = site.input(1, kMaxRank - 1);
    TensorNote output{ids.shape.insert(ids.shape.rank(), table.size(1)), table.dtype()};
    if (mask_zero) output.mask = ids.shape;
    BoundCall call{.outputs = {output}, .run = {}, .how = "rows of its table", .stream = StreamRule::stepwise};
    call.run = [table, mask_zero, device, where = site.where()](std::span<const MaskedTensor> inputs,
                                                                std::span<MaskedTensor> outputs) {
      outputs[0].value = looked_up(table, inputs[0].value, where).to(device);
      if (mask_zero) outputs[0].mask = inputs[0].value.to(DType::boolean).to(device);
    };
    return call;
  });
}

std::unique_ptr<ModelLayer> make_masking(const LayerSource& source) {
  const double mask_value = source.config.real("mask_value", 0.0);
  return layer_of([mask_value](const CallSite& site) {
    site.allow({"mask"});
    TensorNote output = site.input(2);
    output.mask = output.shape.erase(-1);
    BoundCall call{
        .outputs = {output}, .run = {}, .how = "compares with its mask_value", .stream = StreamRule::stepwise};
    call.run = [mask_value](std::span<const MaskedTensor> inputs, std::span<MaskedTensor> outputs) {
      const Tensor& x = inputs[0].value;
      const Tensor other = (mask_value == 0.0 ? x : add(x, -mask_value)).to(DType::boolean).to(x.dtype());
      const Tensor counts = x.size(-1) == 0
                                ? Tensor::zeros(x.shape().erase(-1).insert(x.rank() - 1, 1), x.dtype(), x.device())
                                : max(other, {-1}, true);
      const Tensor live = counts.to(DType::boolean);
      outputs[0].value = where(live, x, Tensor::zeros(Shape{}, x.dtype(), x.device()));
      outputs[0].mask = live.erase_axis(-1);
    };
    return call;
  });
}

}  // namespace

std::span<const LayerRow> embedding_rows() {
  static const std::vector<LayerRow> kRows = {{"Embedding", make_embedding, {}}, {"Masking", make_masking, {}}};
  return kRows;
}

}  // namespace rondo
