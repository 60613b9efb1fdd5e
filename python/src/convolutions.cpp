/// The cell of ConvLSTM1D to 3D.
#include <nanobind/stl/shared_ptr.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <string>
#include <vector>

#include "binding.h"
#include "nests.h"
#include "rondo/keras/conv_lstm.h"
#include "rondo/vocabulary/error.h"

namespace rondo::python {
namespace {

using namespace nb::literals;

ConvolutionPadding padding_from(const std::string& name) {
  if (name == "valid") return ConvolutionPadding::valid;
  if (name == "same") return ConvolutionPadding::same;
  throw ValueError("padding", "\"" + name + "\"", "\"valid\" or \"same\"");
}

DataFormat data_format_from(const std::string& name) {
  if (name == "channels_last") return DataFormat::channels_last;
  if (name == "channels_first") return DataFormat::channels_first;
  throw ValueError("data_format", "\"" + name + "\"", "\"channels_last\" or \"channels_first\"");
}

}  // namespace

void bind_convolutions(nb::module_& module) {
  nb::class_<ConvLSTMCell, Cell>(module, "ConvLSTMCell", "An LSTM whose products are convolutions.")
      .def(
          "__init__",
          [](ConvLSTMCell* cell, nb::handle weights, std::int64_t filters, std::vector<std::int64_t> kernel_size,
             std::vector<std::int64_t> strides, const std::string& padding, const std::string& data_format,
             std::vector<std::int64_t> dilation_rate, const std::string& activation,
             const std::string& recurrent_activation, bool use_bias) {
            const std::vector<Tensor> given = tensors_from(weights, "weights");
            if (given.size() != (use_bias ? 3U : 2U)) {
              throw ValueError("weights", std::to_string(given.size()) + " arrays",
                               use_bias ? "3: kernel, recurrent_kernel, bias" : "2: kernel, recurrent_kernel");
            }
            RecurrentWeights all{.kernel = given[0], .recurrent_kernel = given[1]};
            if (use_bias) all.bias = given[2];
            new (cell) ConvLSTMCell({.filters = filters,
                                     .kernel_size = std::move(kernel_size),
                                     .strides = std::move(strides),
                                     .padding = padding_from(padding),
                                     .data_format = data_format_from(data_format),
                                     .dilation_rate = std::move(dilation_rate),
                                     .activation = activation_from_name(activation),
                                     .recurrent_activation = activation_from_name(recurrent_activation),
                                     .use_bias = use_bias},
                                    all);
          },
          "weights"_a, nb::kw_only(), "filters"_a, "kernel_size"_a, "strides"_a = std::vector<std::int64_t>{1},
          "padding"_a = "valid", "data_format"_a = "channels_last", "dilation_rate"_a = std::vector<std::int64_t>{1},
          "activation"_a = "tanh", "recurrent_activation"_a = "hard_sigmoid", "use_bias"_a = true)
      .def_prop_ro("weights", [](const ConvLSTMCell& cell) { return to_python(cell.weight_list()); });
}

}  // namespace rondo::python
