#include "agreement/parity/cudnn_on_device.h"

#include <limits>

namespace rondo::test {
namespace {

/// The live steps of a sequence in cuDNN's packed order, longest row first: (sum of lengths, width).
Tensor pack(const Tensor& sequence, const std::vector<std::int32_t>& lengths) {
  std::vector<Tensor> rows;
  for (int t = 0; t < static_cast<int>(sequence.size(0)); ++t) {
    for (int b = 0; b < static_cast<int>(sequence.size(1)); ++b) {
      if (t < lengths[static_cast<std::size_t>(b)]) rows.push_back(sequence.select(0, t).select(0, b));
    }
  }
  const Tensor packed = Tensor::empty({static_cast<std::int64_t>(rows.size()), sequence.size(2)}, sequence.dtype());
  for (int k = 0; k < static_cast<int>(rows.size()); ++k)
    packed.select(0, k).copy_from(rows[static_cast<std::size_t>(k)]);
  return packed;
}

Tensor unpack(const Tensor& packed, const Shape& shape, const std::vector<std::int32_t>& lengths) {
  const Tensor sequence = Tensor::zeros(shape, packed.dtype());
  int k = 0;
  for (int t = 0; t < static_cast<int>(shape[0]); ++t) {
    for (int b = 0; b < static_cast<int>(shape[1]); ++b) {
      if (t >= lengths[static_cast<std::size_t>(b)]) continue;
      sequence.select(0, t).select(0, b).copy_from(packed.select(0, k++));
    }
  }
  return sequence;
}

}  // namespace

OnDevice::OnDevice(const Network& network, const Precision& precision, Stream stream)
    : network_(network), config_(network.config), stream_(stream) {
  config_.dtype = precision.dtype;
  config_.math = precision.math;
  config_.device = stream.device;
  std::vector<CudnnWeights> weights;
  for (const CudnnWeights& own : network.weights) weights.push_back(moved(own));
  rnn_.emplace(config_, weights, stream);
  if (!network.lengths) return;
  lengths_ = network.lengths->to_vector<std::int32_t>();
  rnn_->set_lengths(lengths_);
}

NetworkResult OnDevice::run(CudnnLayout layout) {
  const Tensor x = moved(laid_out(network_.x, layout));
  const Tensor y = output(laid_out(empty_y(), layout).shape());
  const std::int64_t count = pseudo_layer_count(config_);
  const Tensor final_h = output({count, config_.B, state_width(config_)});
  const Tensor final_c = output({count, config_.B, config_.H});
  const std::optional<Tensor> initial_h = moved(network_.initial_h);
  const std::optional<Tensor> initial_c = moved(network_.initial_c);
  const bool has_c = config_.kind == CellKind::lstm;
  rnn_->forward({.layout = layout,
                 .x = x.data(),
                 .y = y.data(),
                 .initial_h = initial_h ? initial_h->data() : nullptr,
                 .final_h = final_h.data(),
                 .initial_c = initial_c ? initial_c->data() : nullptr,
                 .final_c = has_c ? final_c.data() : nullptr},
                stream_);
  return {time_major(y.to(cpu()), layout), final_h.to(cpu()), has_c ? final_c.to(cpu()) : Tensor()};
}

Tensor OnDevice::moved(const Tensor& tensor) const { return tensor.to(config_.dtype).contiguous().to(config_.device); }

std::optional<Tensor> OnDevice::moved(const std::optional<Tensor>& tensor) const {
  return tensor ? std::optional(moved(*tensor)) : std::nullopt;
}

CudnnWeights OnDevice::moved(const CudnnWeights& weights) const {
  return {{moved(weights.cell.kernel), moved(weights.cell.recurrent_kernel), moved(weights.cell.bias)},
          moved(weights.projection)};
}

Tensor OnDevice::output(const Shape& shape) const {
  return Tensor::full(shape, std::numeric_limits<double>::quiet_NaN(), config_.dtype, config_.device);
}

Tensor OnDevice::empty_y() const { return Tensor::empty({config_.T, config_.B, output_width(config_)}, config_.dtype); }

Tensor OnDevice::laid_out(const Tensor& sequence, CudnnLayout layout) const {
  if (layout == CudnnLayout::packed) return pack(sequence, lengths_);
  return layout == CudnnLayout::time_major ? sequence : sequence.swap_axes(0, 1);
}

Tensor OnDevice::time_major(const Tensor& y, CudnnLayout layout) const {
  if (layout == CudnnLayout::packed) return unpack(y, empty_y().shape(), lengths_);
  return layout == CudnnLayout::time_major ? y : y.swap_axes(0, 1);
}

}  // namespace rondo::test
