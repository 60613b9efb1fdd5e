// Reads ONNX files with protobuf.
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <onnx.pb.h>

#include <algorithm>
#include <limits>
#include <string_view>
#include <utility>

#include "formats/containers/file_kind.h"
#include "formats/containers/input_file.h"
#include "formats/onnx/message/onnx_message.h"
#include "formats/onnx/message/onnx_tensor.h"
#include "rondo/vocabulary/error.h"

namespace rondo {
namespace {

/// Gives protobuf the bytes of a file piece by piece, so that they are never in memory twice.
class FilePieces : public google::protobuf::io::CopyingInputStream {
 public:
  explicit FilePieces(InputFile& file) : file_(file), left_(file.size()) {}

  int Read(void* buffer, int size) override {
    const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(left_, static_cast<std::uint64_t>(size)));
    file_.read({static_cast<std::byte*>(buffer), count});
    left_ -= count;
    return static_cast<int>(count);
  }

 private:
  InputFile& file_;
  std::uint64_t left_;
};

/// Throws for bytes of another kind, or that protobuf cannot parse.
[[noreturn]] void refuse(const std::string& name, FileKind kind, const std::string& expected) {
  refuse_other_kind(name, kind, FileKind::onnx, expected);
  throw ValueError(name, "bytes that are no such protobuf message", expected);
}

FileKind kind_of(std::span<const std::byte> bytes) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  return file_kind(text.substr(0, kFileKindBytes), bytes.size());
}

/// Parses a message of protobuf, which is at most 2 GiB long.
template <typename Message>
std::shared_ptr<const Message> parse_message(std::span<const std::byte> bytes, const std::string& name,
                                             const std::string& expected) {
  const auto message = std::make_shared<Message>();
  const bool parsed = bytes.size() <= std::numeric_limits<std::int32_t>::max() &&
                      message->ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
  if (!parsed) refuse(name, kind_of(bytes), expected);
  return message;
}

template <typename List>
auto vector_of(const List& list) {
  return std::vector(list.begin(), list.end());
}

OnnxTensorData data_of(const std::shared_ptr<const onnx_format::Tensor>& tensor) {
  OnnxTensorData data{.floats = vector_of(tensor->float_data()),
                      .doubles = vector_of(tensor->double_data()),
                      .int32s = vector_of(tensor->int32_data()),
                      .int64s = vector_of(tensor->int64_data()),
                      .uint64s = vector_of(tensor->uint64_data())};
  if (!tensor->has_raw_data()) return data;
  data.owner = tensor;
  data.raw = std::as_bytes(std::span<const char>(tensor->raw_data()));
  return data;
}

/// Translates the messages of a model, which lives as long as any tensor that views its bytes.
class Translation {
 public:
  Translation(std::shared_ptr<const void> owner, std::shared_ptr<const std::filesystem::path> model)
      : owner_(std::move(owner)), model_(std::move(model)) {}

  OnnxTensorMessage tensor(const onnx_format::Tensor& tensor) const {
    OnnxTensorMessage result{.name = tensor.name(),
                             .dims = vector_of(tensor.dims()),
                             .data_type = tensor.data_type(),
                             .data_location = tensor.data_location(),
                             .model = model_};
    for (const onnx_format::StringEntry& entry : tensor.external_data()) {
      result.external_data.push_back({entry.key(), entry.value()});
    }
    const std::shared_ptr<const onnx_format::Tensor> held(owner_, &tensor);
    result.data = [held] { return data_of(held); };
    return result;
  }

  OnnxGraphMessage graph(const onnx_format::Graph& graph, int depth) const {
    OnnxGraphMessage result;
    for (const onnx_format::Node& each : graph.node()) result.nodes.push_back(node(each, depth));
    for (const onnx_format::Tensor& each : graph.initializer()) result.initializers.push_back(tensor(each));
    for (const onnx_format::ValueInfo& each : graph.input()) result.inputs.push_back(value(each));
    for (const onnx_format::ValueInfo& each : graph.value_info()) result.values.push_back(value(each));
    for (const onnx_format::ValueInfo& each : graph.output()) {
      result.values.push_back(value(each));
      result.outputs.push_back(each.name());
    }
    return result;
  }

  OnnxFunctionMessage function(const onnx_format::Function& function) const {
    OnnxFunctionMessage result{.name = function.name(),
                               .domain = function.domain(),
                               .overload = function.overload(),
                               .inputs = vector_of(function.input()),
                               .outputs = vector_of(function.output())};
    for (const onnx_format::Node& each : function.node()) result.nodes.push_back(node(each, 0));
    for (const auto& each : function.attribute_proto()) result.defaults.push_back(attribute(each, 0));
    return result;
  }

 private:
  static OnnxValueMessage value(const onnx_format::ValueInfo& value) {
    OnnxValueMessage result{.name = value.name()};
    if (value.type().tensor_type().has_shape()) result.rank = value.type().tensor_type().shape().dim_size();
    return result;
  }

  OnnxAttributeMessage attribute(const onnx_format::Attribute& attribute, int depth) const {
    // Writers of proto3 leave out a value that is 0, and then the type alone says that there is one.
    constexpr int kFloat = 1;
    constexpr int kInt = 2;
    constexpr int kString = 3;
    OnnxAttributeMessage result{.name = attribute.name(),
                                .reference = attribute.ref_attr_name(),
                                .floats = vector_of(attribute.floats()),
                                .ints = vector_of(attribute.ints()),
                                .strings = vector_of(attribute.strings())};
    const int type = attribute.has_ref_attr_name() ? 0 : attribute.type();
    if (attribute.has_f() || type == kFloat) result.f = attribute.f();
    if (attribute.has_i() || type == kInt) result.i = attribute.i();
    if (attribute.has_s() || type == kString) result.s = attribute.s();
    if (attribute.has_t()) result.t = tensor(attribute.t());
    const auto put = [&](const onnx_format::Graph& body) {
      if (depth >= kDeepestOnnxGraph) {
        throw ValueError("attribute '" + attribute.name() + "'", "graphs inside of each other without an end",
                         "a depth of at most " + std::to_string(kDeepestOnnxGraph));
      }
      result.graphs.push_back(std::make_shared<OnnxGraphMessage>(graph(body, depth + 1)));
    };
    if (attribute.has_g()) put(attribute.g());
    for (const onnx_format::Graph& body : attribute.graphs()) put(body);
    return result;
  }

  OnnxNodeMessage node(const onnx_format::Node& node, int depth) const {
    OnnxNodeMessage result{.name = node.name(),
                           .op_type = node.op_type(),
                           .domain = node.domain(),
                           .overload = node.overload(),
                           .inputs = vector_of(node.input()),
                           .outputs = vector_of(node.output())};
    for (const onnx_format::Attribute& each : node.attribute()) result.attributes.push_back(attribute(each, depth));
    return result;
  }

  std::shared_ptr<const void> owner_;
  std::shared_ptr<const std::filesystem::path> model_;
};

OnnxModel translated(const std::shared_ptr<const onnx_format::Model>& message, const std::string& name,
                     const std::shared_ptr<const std::filesystem::path>& path) {
  if (!message->has_graph()) throw ValueError(name, "a message without a graph", "an ONNX model");
  OnnxModelMessage model{.ir_version = message->ir_version(),
                         .producer_name = message->producer_name(),
                         .producer_version = message->producer_version()};
  for (const onnx_format::OperatorSet& set : message->opset_import()) {
    model.opset_import.push_back({set.domain(), set.version()});
  }
  const Translation translation(message, path);
  model.graph = translation.graph(message->graph(), 0);
  for (const onnx_format::Function& each : message->functions()) {
    model.functions.push_back(translation.function(each));
  }
  return read_onnx(std::move(model), name);
}

}  // namespace

OnnxModel load_onnx(const std::filesystem::path& path) {
  constexpr int kPiece = 1 << 16;
  InputFile file(path);
  FilePieces pieces(file);
  google::protobuf::io::CopyingInputStreamAdaptor stream(&pieces, kPiece);
  const auto message = std::make_shared<onnx_format::Model>();
  if (!message->ParseFromZeroCopyStream(&stream)) refuse(file.name(), file_kind(path), "an ONNX model");
  return translated(message, file.name(), std::make_shared<std::filesystem::path>(path));
}

OnnxModel parse_onnx(std::span<const std::byte> bytes, const std::string& name) {
  return translated(parse_message<onnx_format::Model>(bytes, name, "an ONNX model"), name, nullptr);
}

Tensor parse_onnx_tensor(std::span<const std::byte> bytes, const std::string& name) {
  const auto tensor = parse_message<onnx_format::Tensor>(bytes, name, "an ONNX tensor");
  return onnx_tensor(Translation(tensor, nullptr).tensor(*tensor), name);
}

}  // namespace rondo
