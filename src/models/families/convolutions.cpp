// Conv1D.

#include "models/families/activation_function.h"
#include "models/families/time_windows.h"
#include "models/layer_table.h"
#include "rondo/ops/ops.h"
#include "rondo/vocabulary/error.h"

namespace rondo {
namespace {

/// A convolution over time with its weights.
struct Conv1D {
  Tensor kernel;  ///< (K, C / groups, F)
  Tensor bias;    ///< (F,), or undefined
  TimeWindows windows;
  std::int64_t groups = 1;
  TensorFunction activation;

  explicit Conv1D(const LayerSource& source);

  std::int64_t channels() const { return kernel.size(1) * groups; }
  std::int64_t filters() const { return kernel.size(2); }

  Tensor convolved(const Tensor& x, const Tensor& part_of_kernel) const {
    const ConvolutionPadding padding =
        windows.padding == TimePadding::same ? ConvolutionPadding::same : ConvolutionPadding::valid;
    return convolution(x, part_of_kernel,
                       {.strides = {windows.stride}, .padding = padding, .dilation = {windows.dilation}});
  }

  /// Of inputs that have their border already, if the padding is causal.
  Tensor apply(const Tensor& x) const {
    std::vector<Tensor> parts;
    const std::vector<Tensor> kernels = split(kernel, static_cast<int>(groups));
    const std::vector<Tensor> inputs = split(x, static_cast<int>(groups));
    for (std::size_t k = 0; k < kernels.size(); ++k) parts.push_back(convolved(inputs[k], kernels[k]));
    const Tensor product = groups == 1 ? parts[0] : concat(parts);
    return activation.compute(bias.defined() ? add(product, bias) : product);
  }
};

Conv1D::Conv1D(const LayerSource& source)
    : windows{.size = number_of_axis(source, "kernel_size", 1),
              .stride = number_of_axis(source, "strides", 1),
              .dilation = number_of_axis(source, "dilation_rate", 1),
              .padding = padding_of(source)},
      groups(source.config.whole_or("groups", 1, 1)),
      activation(activation_function(source.config, "activation")) {
  check_channels_last(source);
  const bool use_bias = source.config.flag("use_bias", true);
  const std::vector<Tensor>& weights = source.exactly(use_bias ? 2 : 1);
  kernel = weights[0];
  if (use_bias) bias = weights[1];
  const std::int64_t filters = source.config.whole("filters", 1);
  if (kernel.rank() != 3 || kernel.size(0) != windows.size || kernel.size(2) != filters || filters % groups != 0) {
    source.config.refuse("filters", "with kernel_size and groups, the sizes of its kernel, " + describe(kernel));
  }
  if (use_bias && bias.shape() != Shape{filters}) source.config.refuse("filters", "the size of its bias");
}

/// A causal convolution of one step at a time, which keeps the steps that its kernel reaches back over.
class StreamedConv1D final : public StreamedCall {
 public:
  explicit StreamedConv1D(const Conv1D& conv) : conv_(conv) {}

  void step(std::span<const MaskedTensor> inputs, std::span<MaskedTensor> outputs) override {
    const Tensor x = inputs[0].value.to(conv_.kernel.dtype());
    if (!past_.defined()) {
      past_ = Tensor::zeros({x.size(0), conv_.windows.reach() - 1, x.size(2)}, x.dtype(), x.device());
    }
    if (past_.size(0) != x.size(0)) {
      throw ValueError("inputs", "a batch of " + std::to_string(x.size(0)),
                       std::to_string(past_.size(0)) + ", as in earlier steps");
    }
    const Tensor seen = concat({past_, x}, 1);
    outputs[0] = {conv_.apply(seen)};
    past_.copy_from(seen.slice(1, 1, seen.size(1)));
  }

  void reset() override { past_ = {}; }

  std::vector<Tensor> states() const override {
    if (!past_.defined() || past_.numel() == 0) return {};
    return {past_};
  }

 private:
  Conv1D conv_;
  Tensor past_;
};

std::unique_ptr<ModelLayer> make_conv1d(const LayerSource& source) {
  return layer_of([conv = Conv1D(source)](const CallSite& site) {
    site.allow({});
    const TensorNote& x = site.input(3, 3);
    if (!sizes_agree(x.shape[2], conv.channels())) {
      site.refuse("inputs", note_text(x), std::to_string(conv.channels()) + " features, as its kernel has");
    }
    const TensorNote output{{x.shape[0], conv.windows.count(x.shape[1], site.where()), conv.filters()},
                            conv.kernel.dtype()};
    const bool causal = conv.windows.padding == TimePadding::causal;
    BoundCall call = one_to_one(site, output, false, [conv, causal, where = site.where()](const Tensor& given) {
      conv.windows.count(given.size(1), where);
      const Tensor sequence = given.to(conv.kernel.dtype());
      return conv.apply(causal ? bordered(sequence, border_of(conv.windows, sequence.size(1)), 0) : sequence);
    });
    call.how = "convolution, " + conv.activation.name;
    if (conv.windows.stride == 1 && (causal || conv.windows.size == 1)) {
      call.stream = StreamRule::causal;
      call.make_stream = [conv] { return std::make_unique<StreamedConv1D>(conv); };
    }
    return call;
  });
}

}  // namespace

std::span<const LayerRow> convolution_rows() {
  static const std::vector<LayerRow> kRows = {{"Conv1D", make_conv1d, {}}};
  return kRows;
}

}  // namespace rondo
