#include "step_shapes.h"

#include "rondo/vocabulary/error.h"

namespace rondo::triton {
namespace {

std::string dims_text(const TensorConfig& tensor) {
  std::string text = "dims [";
  for (std::size_t k = 0; k < tensor.dims.size(); ++k) text += (k == 0 ? " " : ", ") + std::to_string(tensor.dims[k]);
  return text + " ]";
}

/// The tensor has a last axis of `features`, and perhaps one of time before it.
void check_tensor(const std::string& place, const TensorConfig& tensor, std::int64_t features, DType dtype) {
  const std::string f = std::to_string(features);
  if (tensor.dims.empty() || tensor.dims.size() > 2 || tensor.dims.back() != features || tensor.dims.front() == 0)
    throw ValueError(place, dims_text(tensor), "dims [ " + f + " ] or [ -1, " + f + " ], as the file has it");
  if (tensor.type != data_type_of(dtype))
    throw ValueError(place, to_string(tensor.type), to_string(data_type_of(dtype)) + ", as the file has it");
}

}  // namespace

StepShapes step_shapes(const ModelConfig& config, const LoadedNetwork& network) {
  if (config.inputs.size() != 1) throw ValueError("input", std::to_string(config.inputs.size()) + " inputs", "one");
  if (config.outputs.size() != 1) throw ValueError("output", std::to_string(config.outputs.size()) + " outputs", "one");
  const DType dtype = network.spec.layers.front().forward.dtype;
  const TensorConfig& input = config.inputs.front();
  const TensorConfig& output = config.outputs.front();
  check_tensor("input '" + input.name + "'", input, network.input_features(), dtype);
  check_tensor("output '" + output.name + "'", output, network.output_features(), dtype);
  StepShapes shapes{.input_has_time = input.dims.size() == 2, .output_has_time = output.dims.size() == 2};
  if (shapes.input_has_time) shapes.T = input.dims.front();
  if (!shapes.input_has_time) shapes.T = 1;
  if (shapes.output_has_time && output.dims.front() != -1 && output.dims.front() != shapes.T) {
    throw ValueError("output '" + output.name + "'", dims_text(output),
                     shapes.T == -1 ? "-1 steps, as the input has" : std::to_string(shapes.T) + " steps or -1");
  }
  return shapes;
}

}  // namespace rondo::triton
