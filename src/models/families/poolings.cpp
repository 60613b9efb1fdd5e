// Poolings over time: of windows, and of the whole sequence.

#include <limits>

#include "models/families/time_windows.h"
#include "models/layer_table.h"
#include "rondo/ops/ops.h"

namespace rondo {
namespace {

// The windows of x (B, T, C) as a view (B, windows, size, C).
Tensor window_view(const Tensor& x, const TimeWindows& windows, std::int64_t count) {
  const Shape shape{x.size(0), count, windows.size, x.size(2)};
  const Strides strides{x.stride(0), x.stride(1) * windows.stride, x.stride(1), x.stride(2)};
  const auto offset = static_cast<const char*>(x.data()) - static_cast<const char*>(x.storage()->data());
  return {x.storage(), x.dtype(), shape, strides, offset / static_cast<std::int64_t>(size_of(x.dtype()))};
}

// 1 / how many steps of each window are in the sequence: (windows, 1).
Tensor shares(const TimeWindows& windows, const TimeBorder& border, std::int64_t T, std::int64_t count) {
  std::vector<double> result;
  for (std::int64_t k = 0; k < count; ++k) {
    const std::int64_t begin = k * windows.stride - border.before;
    const std::int64_t inside = std::min(begin + windows.size, T) - std::max<std::int64_t>(begin, 0);
    result.push_back(1.0 / static_cast<double>(inside));
  }
  return Tensor::from(result, {count, 1});
}

Tensor max_pooled(const Tensor& x, const TimeWindows& windows, std::int64_t count) {
  const TimeBorder border = border_of(windows, x.size(1));
  const Tensor wide = bordered(x, border, -std::numeric_limits<double>::infinity());
  return max(window_view(wide, windows, count), {2});
}

Tensor average_pooled(const Tensor& x, const TimeWindows& windows, std::int64_t count) {
  const TimeBorder border = border_of(windows, x.size(1));
  if (border.before == 0 && border.behind == 0) return mean(window_view(x, windows, count), {2});
  const Tensor sums = sum(window_view(bordered(x, border, 0), windows, count), {2});
  return mul(sums, shares(windows, border, x.size(1), count).to(x.dtype()).to(x.device()));
}

using Pool = Tensor (*)(const Tensor& x, const TimeWindows& windows, std::int64_t count);

template <Pool kPool>
std::unique_ptr<ModelLayer> make_pooling(const LayerSource& source) {
  check_channels_last(source);
  const std::int64_t size = number_of_axis(source, "pool_size", 2);
  const TimeWindows windows{
      .size = size, .stride = number_of_axis(source, "strides", size), .padding = padding_of(source)};
  if (windows.padding == TimePadding::causal) source.config.refuse("padding", "valid or same");
  return layer_of([windows](const CallSite& site) {
    site.allow({});
    TensorNote output = site.input(3, 3);
    output.shape[1] = windows.count(output.shape[1], site.where());
    BoundCall call = one_to_one(site, output, false, [windows, where = site.where()](const Tensor& x) {
      const std::int64_t count = windows.count(x.size(1), where);
      if (count == 0 || x.numel() == 0) return Tensor::zeros({x.size(0), count, x.size(2)}, x.dtype(), x.device());
      return kPool(x, windows, count);
    });
    call.how = "reduction of windows";
    return call;
  });
}

TensorNote pooled_note(const TensorNote& x, bool keep) {
  TensorNote output{x.shape.erase(1), x.dtype};
  if (keep) output.shape = output.shape.insert(1, 1);
  return output;
}

std::unique_ptr<ModelLayer> make_global_max(const LayerSource& source) {
  check_channels_last(source);
  return layer_of([keep = source.config.flag("keepdims", false)](const CallSite& site) {
    site.allow({});
    BoundCall call = one_to_one(site, pooled_note(site.input(3, 3), keep), false,
                                [keep](const Tensor& x) { return max(x, {1}, keep); });
    call.how = "reduction";
    return call;
  });
}

// The mean of the steps that the mask has; NaN where it has none, as Keras.
Tensor masked_mean(const Tensor& x, const Tensor& mask, bool keep, bool keras3) {
  const Tensor weights = mask.to(x.dtype()).insert_axis(2);
  const Tensor nothing = Tensor::zeros({}, x.dtype(), x.device());
  // Keras 2 multiplies, so that a masked step that is not finite spreads.
  const Tensor kept = keras3 ? where(mask.insert_axis(2), x, nothing) : mul(x, weights);
  return div(sum(kept, {1}, keep), sum(weights, {1}, keep));
}

std::unique_ptr<ModelLayer> make_global_average(const LayerSource& source) {
  check_channels_last(source);
  return layer_of([keep = source.config.flag("keepdims", false)](const CallSite& site) {
    site.allow({"mask"});
    const TensorNote& x = site.input(3, 3);
    const MaskRoute mask = site.call_masks().front();
    if (mask && mask.shape(site.tensors())->rank() != 2) site.refuse("mask", "another rank than 2", "(B, T)");
    BoundCall call{.outputs = {pooled_note(x, keep)}, .run = {}, .how = "reduction"};
    call.run = [mask, keep, keras3 = site.is_keras3()](std::span<const MaskedTensor> inputs,
                                                       std::span<MaskedTensor> outputs) {
      const Tensor& given = inputs[0].value;
      outputs[0] = {mask ? masked_mean(given, mask.of(inputs), keep, keras3) : mean(given, {1}, keep)};
    };
    return call;
  });
}

}  // namespace

std::span<const LayerRow> pooling_rows() {
  static const std::vector<LayerRow> kRows = {{"AveragePooling1D", make_pooling<average_pooled>, {}},
                                              {"GlobalAveragePooling1D", make_global_average},
                                              {"GlobalMaxPooling1D", make_global_max, {}},
                                              {"MaxPooling1D", make_pooling<max_pooled>, {}}};
  return kRows;
}

}  // namespace rondo
