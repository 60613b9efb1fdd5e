/// The part of an ONNX model that recurrent nodes need, as onnx.proto has it, whoever reads protobuf.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "rondo/formats/onnx_model.h"

namespace rondo {

/// TensorProto: the elements are in `raw_data`, or else in the list that its data type has.
struct OnnxTensorMessage {
  std::string name = {};
  std::vector<std::int64_t> dims = {};
  std::int32_t data_type = 0;
  std::int32_t data_location = 0;
  std::optional<std::string> raw_data = std::nullopt;
  std::vector<float> float_data = {};
  std::vector<double> double_data = {};
  std::vector<std::int32_t> int32_data = {};  ///< holds 16-bit floats and booleans, too
  std::vector<std::int64_t> int64_data = {};
};

/// AttributeProto.
struct OnnxAttributeMessage {
  std::string name = {};
  std::optional<float> f = std::nullopt;
  std::optional<std::int64_t> i = std::nullopt;
  std::optional<std::string> s = std::nullopt;
  std::optional<OnnxTensorMessage> t = std::nullopt;
  std::vector<float> floats = {};
  std::vector<std::string> strings = {};
};

/// NodeProto.
struct OnnxNodeMessage {
  std::string name = {};
  std::string op_type = {};
  std::string domain = {};
  std::vector<std::string> inputs = {};
  std::vector<std::string> outputs = {};
  std::vector<OnnxAttributeMessage> attributes = {};
};

/// ModelProto with its graph.
struct OnnxModelMessage {
  struct OperatorSet {
    std::string domain = {};
    std::int64_t version = 0;
  };

  std::int64_t ir_version = 0;
  std::string producer_name = {};
  std::vector<OperatorSet> opset_import = {};
  std::vector<OnnxNodeMessage> nodes = {};
  std::vector<OnnxTensorMessage> initializers = {};
};

/// The recurrent nodes of a model. Throws as parse_onnx; messages call the file `name`.
OnnxModel read_onnx(const OnnxModelMessage& model, const std::string& name);

}  // namespace rondo
