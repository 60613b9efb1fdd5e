// Operations that Keras 3 writes among the layers of a model: how it computes the masks that it passes to layers.

#include <algorithm>

#include "models/families/joined_inputs.h"
#include "models/families/mask_logic.h"
#include "models/layer_table.h"
#include "rondo/ops/ops.h"

namespace rondo {
namespace {

BoundCall computed(const CallSite& site, TensorNote output, std::function<Tensor(const Tensor&)> compute) {
  BoundCall call = one_to_one(site, std::move(output), false, std::move(compute));
  call.how = "logic of masks";
  call.stream = StreamRule::stepwise;
  return call;
}

TensorNote booleans(const TensorNote& note) { return {note.shape, DType::boolean}; }

// Whether elements differ from a number of the file. A difference of 0 means that they are equal, also for tiny
// numbers.
template <bool kEqual>
std::unique_ptr<ModelLayer> make_comparison(const LayerSource&) {
  return layer_of([](const CallSite& site) {
    site.allow({"x2"});
    const CallArgument* other = site.find("x2");
    if (other == nullptr || !other->constant.is_number()) site.refuse("x2", "no number", "a number");
    return computed(site, booleans(site.input()), [number = other->constant.get<double>()](const Tensor& x) {
      const Tensor differs = (x.dtype() == DType::boolean ? x : add(x, -number)).to(DType::boolean);
      return kEqual ? logical_not(differs) : differs;
    });
  });
}

using Logic = Tensor (*)(const Tensor& a, const Tensor& b);

template <Logic kLogic>
std::unique_ptr<ModelLayer> make_logic(const LayerSource&) {
  return layer_of([](const CallSite& site) {
    site.allow({"x2"});
    site.input();
    const CallArgument* other = site.find("x2");
    if (other == nullptr || other->tensors.size() != 1 || other->tensors[0] < 0) {
      site.refuse("x2", "no tensor", "one tensor");
    }
    const int first = site.inputs().tensors[0];
    const int second = other->tensors[0];
    const auto shape = [&](int place) { return site.tensors()[static_cast<std::size_t>(place)].shape; };
    const Shape joined = broadcast_notes(site, shape(first), shape(second));
    BoundCall call{.outputs = {{joined, DType::boolean}}, .run = {}, .how = "logic of masks"};
    call.stream = StreamRule::stepwise;
    call.run = [first, second](std::span<const MaskedTensor> tensors, std::span<MaskedTensor> outputs) {
      const auto value = [&](int place) { return tensors[static_cast<std::size_t>(place)].value.to(DType::boolean); };
      outputs[0] = {kLogic(value(first), value(second))};
    };
    return call;
  });
}

std::unique_ptr<ModelLayer> make_not(const LayerSource&) {
  return layer_of([](const CallSite& site) {
    site.allow({});
    return computed(site, booleans(site.input()), [](const Tensor& x) { return logical_not(x.to(DType::boolean)); });
  });
}

// An axis of the configuration, in a tensor of a rank.
int axis_in(const CallSite& site, std::int64_t axis, int rank) {
  const std::int64_t resolved = axis < 0 ? axis + rank : axis;
  if (resolved < 0 || resolved >= rank)
    site.refuse("axis", std::to_string(axis), "an axis of rank " + std::to_string(rank));
  return static_cast<int>(resolved);
}

std::int64_t only_axis(const LayerSource& source) {
  if (source.config.value("axis").is_null()) source.config.refuse("axis", "one axis");
  const std::vector<std::int64_t> axes = source.config.wholes("axis", -kMaxRank, kMaxRank);
  if (axes.size() != 1) source.config.refuse("axis", "one axis");
  return axes[0];
}

template <Tensor (*kReduce)(const Tensor& mask, int axis)>
std::unique_ptr<ModelLayer> make_reduction(const LayerSource& source) {
  const bool keep = source.config.flag("keepdims", false);
  return layer_of([keep, listed = only_axis(source)](const CallSite& site) {
    site.allow({});
    TensorNote output = booleans(site.input());
    const int axis = axis_in(site, listed, output.shape.rank());
    output.shape = output.shape.erase(axis);
    if (keep) output.shape = output.shape.insert(axis, 1);
    return computed(site, output, [axis, keep](const Tensor& x) {
      const Tensor reduced = kReduce(x.to(DType::boolean), axis);
      return keep ? reduced.insert_axis(axis) : reduced;
    });
  });
}

std::unique_ptr<ModelLayer> make_expand_dims(const LayerSource& source) {
  return layer_of([listed = only_axis(source)](const CallSite& site) {
    site.allow({});
    TensorNote output{site.input().shape, site.input().dtype};
    const int axis = axis_in(site, listed, output.shape.rank() + 1);
    output.shape = output.shape.insert(axis, 1);
    return computed(site, output, [axis](const Tensor& x) { return x.insert_axis(axis); });
  });
}

std::unique_ptr<ModelLayer> make_squeeze(const LayerSource& source) {
  return layer_of([listed = only_axis(source)](const CallSite& site) {
    site.allow({});
    TensorNote output{site.input().shape, site.input().dtype};
    const int axis = axis_in(site, listed, output.shape.rank());
    if (!sizes_agree(output.shape[axis], 1)) site.refuse("inputs", note_text(output), "size 1 on the axis");
    output.shape = output.shape.erase(axis);
    return computed(site, output, [axis](const Tensor& x) { return x.erase_axis(axis); });
  });
}

// The dtype that the call or the configuration asks for; that of the input if neither does.
DType asked_dtype(const CallSite& site, std::optional<DType> configured) {
  const CallArgument* argument = site.find("dtype");
  if (argument == nullptr) return configured.value_or(site.input().dtype);
  if (argument->constant == "bool") return DType::boolean;
  if (argument->constant == "float32") return DType::f32;
  if (argument->constant == "int32") return DType::i32;
  site.refuse("dtype", argument->constant.dump(), "bool, float32 or int32");
}

template <bool kFilled>
std::unique_ptr<ModelLayer> make_filled(const LayerSource& source) {
  std::optional<DType> configured;
  if (!source.config.value("dtype").is_null()) configured = source.config.dtype(DType::boolean);
  return layer_of([configured](const CallSite& site) {
    site.allow({"dtype"});
    const TensorNote output{site.input().shape, asked_dtype(site, configured)};
    return computed(site, output, [dtype = output.dtype](const Tensor& x) {
      return Tensor::full(x.shape(), kFilled ? 1 : 0, dtype, x.device());
    });
  });
}

std::unique_ptr<ModelLayer> make_cast(const LayerSource& source) {
  std::optional<DType> configured;
  if (!source.config.value("dtype").is_null()) configured = source.config.dtype(DType::boolean);
  return layer_of([configured](const CallSite& site) {
    site.allow({"dtype"});
    const TensorNote output{site.input().shape, asked_dtype(site, configured)};
    return computed(site, output, [dtype = output.dtype](const Tensor& x) { return x.to(dtype); });
  });
}

}  // namespace

std::span<const LayerRow> operation_rows() {
  static const std::vector<LayerRow> kRows = {{"All", make_reduction<all_along>, {}},
                                              {"Any", make_reduction<any_along>, {}},
                                              {"Cast", make_cast, {"dtype"}},
                                              {"Concatenate", concatenate_rows()[0].make, {}},
                                              {"ConvertToTensor", make_cast, {"dtype"}},
                                              {"Equal", make_comparison<true>, {"x2"}},
                                              {"ExpandDims", make_expand_dims, {}},
                                              {"LogicalAnd", make_logic<logical_and>, {"x2"}},
                                              {"LogicalNot", make_not, {}},
                                              {"LogicalOr", make_logic<logical_or>, {"x2"}},
                                              {"NotEqual", make_comparison<false>, {"x2"}},
                                              {"OnesLike", make_filled<true>, {"dtype"}},
                                              {"Squeeze", make_squeeze, {}},
                                              {"ZerosLike", make_filled<false>, {"dtype"}}};
  return kRows;
}

}  // namespace rondo
