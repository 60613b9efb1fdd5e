// ConvLSTM1D, ConvLSTM2D and ConvLSTM3D.

#include "rondo/keras/conv_lstm.h"
#include "models/families/recurrent.h"
#include "models/layer_table.h"
#include "rondo/ops/ops.h"

namespace rondo {
namespace {

class ConvLSTMModelLayer final : public ModelLayer {
 public:
  explicit ConvLSTMModelLayer(const LayerSource& source)
      : rnn_(make_layer_on(source.layer, source.setting.device)),
        cell_(source.layer.conv_lstm->cell),
        kernel_(source.exactly(cell_.use_bias ? 3 : 2)[0]),
        plan_(source.setting.plan) {
    if (cell_.data_format != DataFormat::channels_last) source.config.refuse("data_format", "channels_last");
    if (rnn_->options().return_state) source.config.refuse("return_state", "false, in a model");
  }

  BoundCall bind(const CallSite& site) override {
    site.allow({"mask"});
    const int rank = kernel_.rank() + 1;
    const TensorNote& x = site.input(rank, rank);
    if (!sizes_agree(x.shape[-1], kernel_.size(-2))) {
      site.refuse("inputs", note_text(x), std::to_string(kernel_.size(-2)) + " features, as its kernel has");
    }
    const MaskRoute mask = site.call_masks().front();
    if (mask && mask.shape(site.tensors())->rank() != 2) site.refuse("mask", "a mask of another rank", "(B, T)");
    const bool sequences = rnn_->options().return_sequences;
    const MaskRoute passed = sequences ? site.previous_masks().front() : MaskRoute{};
    TensorNote output{frame_shape(site, x.shape.erase(1)), kernel_.dtype(), passed.shape(site.tensors())};
    if (sequences) output.shape = output.shape.insert(1, x.shape[1]);
    BoundCall call{.outputs = {output}, .run = {}, .how = "recurrence of convolutions"};
    call.run = [this, mask, passed](std::span<const MaskedTensor> inputs, std::span<MaskedTensor> outputs) {
      CallOptions options;
      options.plan = plan_;
      if (mask) options.mask = mask.of(inputs);
      const LayerResult result = (*rnn_)(inputs[0].value.to(kernel_.dtype()), options);
      outputs[0] = {result.output.leaf(), passed.of(inputs)};
    };
    return call;
  }

  void reset_states() override {
    if (is_stateful() && !rnn_->states().empty()) rnn_->reset_states();
  }
  bool is_stateful() const override { return rnn_->options().stateful; }

 private:
  /// The shape of one step's output for the shape of its input; open sizes stay open.
  Shape frame_shape(const CallSite& site, const Shape& x) const {
    Shape shape = x;
    shape[-1] = kernel_.size(-1) / 4;
    for (int axis = 1; axis + 1 < x.rank(); ++axis) {
      if (x[axis] == kUnknownSize) continue;
      const auto of_axis = [&](const std::vector<std::int64_t>& numbers) {
        return numbers.size() == 1 ? numbers[0] : numbers[static_cast<std::size_t>(axis - 1)];
      };
      const std::int64_t reach = (kernel_.size(axis - 1) - 1) * of_axis(cell_.dilation_rate) + 1;
      const std::int64_t padded = cell_.padding == ConvolutionPadding::same ? x[axis] + reach - 1 : x[axis];
      if (padded < reach) site.refuse("inputs", note_text(TensorNote{x}), "frames that the kernel fits in");
      shape[axis] = (padded - reach) / of_axis(cell_.strides) + 1;
    }
    return shape;
  }

  std::unique_ptr<RNN> rnn_;
  ConvLSTMCellOptions cell_;
  Tensor kernel_;
  PlanOptions plan_;
};

std::unique_ptr<ModelLayer> make_conv_lstm(const LayerSource& source) {
  return std::make_unique<ConvLSTMModelLayer>(source);
}

}  // namespace

std::span<const LayerRow> conv_lstm_rows() {
  static const std::vector<const char*> kParameters = {"initial_state", "mask", "training"};
  static const std::vector<LayerRow> kRows = {{"ConvLSTM1D", make_conv_lstm, kParameters},
                                              {"ConvLSTM2D", make_conv_lstm, kParameters},
                                              {"ConvLSTM3D", make_conv_lstm, kParameters}};
  return kRows;
}

}  // namespace rondo
