/// The part of an ONNX model that recurrent nodes need, as onnx.proto has it, whoever reads protobuf.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "rondo/formats/onnx_model.h"

namespace rondo {

/// The elements of a TensorProto: in `raw`, or else in the list that its data type has.
struct OnnxTensorData {
  std::shared_ptr<const void> owner = nullptr;  ///< keeps the bytes of `raw`
  std::optional<std::span<const std::byte>> raw = std::nullopt;
  std::vector<float> floats = {};
  std::vector<double> doubles = {};
  std::vector<std::int32_t> int32s = {};  ///< hold 16-bit floats, small integers and booleans, too
  std::vector<std::int64_t> int64s = {};
  std::vector<std::uint64_t> uint64s = {};
};

/// TensorProto. Its elements are asked for when they are wanted, because an embedding may be most of a model.
struct OnnxTensorMessage {
  struct Entry {
    std::string key = {};
    std::string value = {};
  };

  std::string name = {};
  std::vector<std::int64_t> dims = {};
  std::int32_t data_type = 0;
  std::int32_t data_location = 0;
  std::vector<Entry> external_data = {};  ///< location, offset and length of elements in another file
  /// The file of the model, beside which such a file is; null for a model from memory.
  std::shared_ptr<const std::filesystem::path> model = nullptr;
  std::function<OnnxTensorData()> data = {};
};

struct OnnxGraphMessage;

/// AttributeProto.
struct OnnxAttributeMessage {
  std::string name = {};
  std::string reference = {};  ///< in a function: the attribute of the call that has the value
  std::optional<float> f = std::nullopt;
  std::optional<std::int64_t> i = std::nullopt;
  std::optional<std::string> s = std::nullopt;
  std::optional<OnnxTensorMessage> t = std::nullopt;
  std::vector<float> floats = {};
  std::vector<std::int64_t> ints = {};
  std::vector<std::string> strings = {};
  std::vector<std::shared_ptr<const OnnxGraphMessage>> graphs = {};  ///< of `g` and of `graphs`
};

/// NodeProto.
struct OnnxNodeMessage {
  std::string name = {};
  std::string op_type = {};
  std::string domain = {};
  std::string overload = {};
  std::vector<std::string> inputs = {};
  std::vector<std::string> outputs = {};
  std::vector<OnnxAttributeMessage> attributes = {};
};

/// ValueInfoProto: a name and, if the model has it, the rank.
struct OnnxValueMessage {
  std::string name = {};
  std::optional<int> rank = std::nullopt;
};

/// GraphProto.
struct OnnxGraphMessage {
  std::vector<OnnxNodeMessage> nodes = {};
  std::vector<OnnxTensorMessage> initializers = {};
  std::vector<OnnxValueMessage> inputs = {};
  std::vector<OnnxValueMessage> values = {};  ///< of `value_info` and of `output`
  std::vector<std::string> outputs = {};
};

/// FunctionProto.
struct OnnxFunctionMessage {
  std::string name = {};
  std::string domain = {};
  std::string overload = {};
  std::vector<std::string> inputs = {};
  std::vector<std::string> outputs = {};
  std::vector<OnnxNodeMessage> nodes = {};
  std::vector<OnnxAttributeMessage> defaults = {};  ///< values of attributes that a call leaves out
};

/// ModelProto.
struct OnnxModelMessage {
  struct OperatorSet {
    std::string domain = {};
    std::int64_t version = 0;
  };

  std::int64_t ir_version = 0;
  std::string producer_name = {};
  std::string producer_version = {};
  std::vector<OperatorSet> opset_import = {};
  OnnxGraphMessage graph = {};
  std::vector<OnnxFunctionMessage> functions = {};
};

/// How deep graphs may be inside of each other. Readers of messages refuse more, because they recurse.
inline constexpr int kDeepestOnnxGraph = 64;

/// The standard operators have two names for their domain.
inline bool is_standard_onnx(const std::string& domain) { return domain.empty() || domain == "ai.onnx"; }

/// The recurrent nodes of a model. Throws as parse_onnx; messages call the file `name`.
OnnxModel read_onnx(OnnxModelMessage model, const std::string& name);

}  // namespace rondo
