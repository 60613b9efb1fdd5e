#include "model_shapes.h"

#include "rondo/vocabulary/error.h"

namespace rondo::triton {
namespace {

bool sizes_agree(const std::vector<std::int64_t>& dims, const Shape& shape) {
  if (static_cast<int>(dims.size()) + 1 != shape.rank()) return false;
  for (int axis = 1; axis < shape.rank(); ++axis) {
    const std::int64_t size = dims[static_cast<std::size_t>(axis) - 1];
    if (size != -1 && shape[axis] != -1 && size != shape[axis]) return false;
  }
  return true;
}

std::string shape_text(const TensorConfig& config) {
  std::string text = "(B";
  for (const std::int64_t size : config.dims) text += ", " + std::to_string(size);
  return text + ")";
}

void check_list(const std::string& list, const std::vector<TensorConfig>& configs,
                const std::vector<ModelTensor>& tensors) {
  if (configs.size() != tensors.size())
    throw ValueError(list, std::to_string(configs.size()), std::to_string(tensors.size()) + ", as the model has");
  for (std::size_t k = 0; k < configs.size(); ++k) {
    const std::string place = list + " '" + configs[k].name + "' dims";
    if (!sizes_agree(configs[k].dims, tensors[k].shape)) {
      throw ValueError(place, shape_text(configs[k]),
                       to_string(tensors[k].shape) + ", of '" + tensors[k].name + "' of the model");
    }
  }
}

}  // namespace

void check_shapes(const ModelConfig& config, const Model& model) {
  check_list("input", config.inputs, model.inputs());
  check_list("output", config.outputs, model.outputs());
  for (std::size_t k = 0; k < config.outputs.size(); ++k) {
    const abi::DataType type = data_type_of(model.outputs()[k].dtype);
    if (config.outputs[k].type != type)
      throw ValueError("output '" + config.outputs[k].name + "'", to_string(config.outputs[k].type), to_string(type));
  }
}

void check_answer(const TensorConfig& config, const Tensor& answer) {
  const std::string place = "output '" + config.name + "'";
  if (data_type_of(answer.dtype()) != config.type || !sizes_agree(config.dims, answer.shape()))
    throw ValueError(place, describe(answer), to_string(config.type) + shape_text(config) + ", as config.pbtxt says");
}

}  // namespace rondo::triton
