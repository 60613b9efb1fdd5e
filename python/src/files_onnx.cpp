/// Recurrent nodes of ONNX models, whose bytes Python's package onnx reads.
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "binding.h"
#include "formats/onnx/message/onnx_message.h"
#include "names.h"
#include "nests.h"
#include "rondo/formats/onnx_model.h"
#include "rondo/vocabulary/error.h"

namespace rondo::python {
namespace {

using namespace nb::literals;

/// A field of a message in Python. Protobuf has bytes where the format has no text.
template <typename Value>
Value field(nb::handle message, const char* name) {
  return nb::cast<Value>(message.attr(name));
}

std::string text(nb::handle value) {
  if (!nb::isinstance<nb::bytes>(value)) return nb::cast<std::string>(value);
  const auto bytes = nb::borrow<nb::bytes>(value);
  return {bytes.c_str(), bytes.size()};
}

bool has(nb::handle message, const char* name) { return nb::cast<bool>(message.attr("HasField")(name)); }

template <typename Value>
std::vector<Value> list(nb::handle message, const char* name) {
  std::vector<Value> values;
  for (const nb::handle value : message.attr(name)) values.push_back(nb::cast<Value>(value));
  return values;
}

std::vector<std::string> texts(nb::handle message, const char* name) {
  std::vector<std::string> values;
  for (const nb::handle value : message.attr(name)) values.push_back(text(value));
  return values;
}

/// A reference to a message of Python, which a thread without the interpreter's lock may drop.
std::shared_ptr<nb::object> held(nb::handle message) {
  return {new nb::object(nb::borrow(message)), [](nb::object* object) {
            const nb::gil_scoped_acquire locked;
            delete object;
          }};
}

/// Reads the elements when they are asked for: an embedding may be most of a model.
OnnxTensorData data_of(const std::shared_ptr<nb::object>& tensor) {
  const nb::gil_scoped_acquire locked;
  OnnxTensorData data{.floats = list<float>(*tensor, "float_data"),
                      .doubles = list<double>(*tensor, "double_data"),
                      .int32s = list<std::int32_t>(*tensor, "int32_data"),
                      .int64s = list<std::int64_t>(*tensor, "int64_data"),
                      .uint64s = list<std::uint64_t>(*tensor, "uint64_data")};
  if (!has(*tensor, "raw_data")) return data;
  const nb::object raw = tensor->attr("raw_data");
  const auto bytes = nb::borrow<nb::bytes>(raw);
  data.raw = std::as_bytes(std::span(bytes.c_str(), bytes.size()));
  data.owner = held(raw);
  return data;
}

/// Translates the messages of a model.
class Translation {
 public:
  explicit Translation(std::shared_ptr<const std::filesystem::path> model) : model_(std::move(model)) {}

  OnnxGraphMessage graph(nb::handle graph, int depth) const {
    OnnxGraphMessage result;
    for (const nb::handle each : graph.attr("node")) result.nodes.push_back(node(each, depth));
    for (const nb::handle each : graph.attr("initializer")) result.initializers.push_back(tensor(each));
    for (const nb::handle each : graph.attr("input")) result.inputs.push_back(value(each));
    for (const nb::handle each : graph.attr("value_info")) result.values.push_back(value(each));
    for (const nb::handle each : graph.attr("output")) {
      result.values.push_back(value(each));
      result.outputs.push_back(text(each.attr("name")));
    }
    return result;
  }

  OnnxFunctionMessage function(nb::handle function) const {
    OnnxFunctionMessage result{.name = text(function.attr("name")),
                               .domain = text(function.attr("domain")),
                               .overload = optional_text(function, "overload"),
                               .inputs = texts(function, "input"),
                               .outputs = texts(function, "output")};
    for (const nb::handle each : function.attr("node")) result.nodes.push_back(node(each, 0));
    if (!nb::hasattr(function, "attribute_proto")) return result;
    for (const nb::handle each : function.attr("attribute_proto")) result.defaults.push_back(attribute(each, 0));
    return result;
  }

 private:
  /// A field that older versions of the package onnx do not have.
  static std::string optional_text(nb::handle message, const char* name) {
    return nb::hasattr(message, name) ? text(message.attr(name)) : std::string();
  }

  static OnnxValueMessage value(nb::handle value) {
    OnnxValueMessage result{.name = text(value.attr("name"))};
    const nb::object type = value.attr("type");
    if (!has(type, "tensor_type")) return result;
    const nb::object tensor = type.attr("tensor_type");
    if (!has(tensor, "shape")) return result;
    const nb::object dims = tensor.attr("shape").attr("dim");
    result.rank = static_cast<int>(nb::len(dims));
    return result;
  }

  OnnxTensorMessage tensor(nb::handle tensor) const {
    OnnxTensorMessage result{.name = text(tensor.attr("name")),
                             .dims = list<std::int64_t>(tensor, "dims"),
                             .data_type = field<std::int32_t>(tensor, "data_type"),
                             .data_location = field<std::int32_t>(tensor, "data_location"),
                             .model = model_};
    for (const nb::handle entry : tensor.attr("external_data")) {
      result.external_data.push_back({text(entry.attr("key")), text(entry.attr("value"))});
    }
    result.data = [message = held(tensor)] { return data_of(message); };
    return result;
  }

  OnnxAttributeMessage attribute(nb::handle attribute, int depth) const {
    OnnxAttributeMessage result{.name = text(attribute.attr("name")),
                                .reference = text(attribute.attr("ref_attr_name")),
                                .floats = list<float>(attribute, "floats"),
                                .ints = list<std::int64_t>(attribute, "ints"),
                                .strings = texts(attribute, "strings")};
    if (has(attribute, "f")) result.f = field<float>(attribute, "f");
    if (has(attribute, "i")) result.i = field<std::int64_t>(attribute, "i");
    if (has(attribute, "s")) result.s = text(attribute.attr("s"));
    if (has(attribute, "t")) result.t = tensor(attribute.attr("t"));
    if (has(attribute, "g")) result.graphs.push_back(body(attribute.attr("g"), depth));
    for (const nb::handle each : attribute.attr("graphs")) result.graphs.push_back(body(each, depth));
    return result;
  }

  std::shared_ptr<const OnnxGraphMessage> body(nb::handle graph_message, int depth) const {
    if (depth >= kDeepestOnnxGraph) {
      throw ValueError("graphs", "graphs inside of each other without an end",
                       "a depth of at most " + std::to_string(kDeepestOnnxGraph));
    }
    return std::make_shared<OnnxGraphMessage>(graph(graph_message, depth + 1));
  }

  OnnxNodeMessage node(nb::handle node, int depth) const {
    OnnxNodeMessage result{.name = text(node.attr("name")),
                           .op_type = text(node.attr("op_type")),
                           .domain = text(node.attr("domain")),
                           .overload = optional_text(node, "overload"),
                           .inputs = texts(node, "input"),
                           .outputs = texts(node, "output")};
    for (const nb::handle each : node.attr("attribute")) result.attributes.push_back(attribute(each, depth));
    return result;
  }

  std::shared_ptr<const std::filesystem::path> model_;
};

/// An onnx.ModelProto; `path` is None for a model from memory.
OnnxModel read_model(nb::handle message, const std::string& file, const std::optional<std::string>& path) {
  OnnxModelMessage model{.ir_version = field<std::int64_t>(message, "ir_version"),
                         .producer_name = text(message.attr("producer_name")),
                         .producer_version = text(message.attr("producer_version"))};
  for (const nb::handle set : message.attr("opset_import")) {
    model.opset_import.push_back({text(set.attr("domain")), field<std::int64_t>(set, "version")});
  }
  const Translation translation(path ? std::make_shared<std::filesystem::path>(*path) : nullptr);
  model.graph = translation.graph(message.attr("graph"), 0);
  for (const nb::handle each : message.attr("functions")) model.functions.push_back(translation.function(each));
  return read_onnx(std::move(model), file);
}

nb::tuple run(OnnxRunner& runner, nb::handle x, nb::handle lengths, nb::handle initial_h, nb::handle initial_c) {
  const OnnxInputs inputs{.x = tensor_of(x, "X"),
                          .lengths = optional_tensor(lengths, "sequence_lens"),
                          .initial_h = optional_tensor(initial_h, "initial_h"),
                          .initial_c = optional_tensor(initial_c, "initial_c")};
  OnnxOutputs outputs;
  {
    const nb::gil_scoped_release unlocked;
    outputs = runner.run(inputs);
  }
  return nb::make_tuple(to_python(outputs.y), to_python(outputs.y_h), to_python(outputs.y_c));
}

void bind_node(nb::module_& module) {
  nb::class_<OnnxNode>(module, "OnnxNode", "An RNN, GRU or LSTM node of an ONNX model.")
      .def_ro("name", &OnnxNode::name)
      .def_ro("file", &OnnxNode::file)
      .def_ro("inputs", &OnnxNode::inputs, "Names: X W R B sequence_lens initial_h initial_c P; empty if left out.")
      .def_ro("outputs", &OnnxNode::outputs)
      .def_ro("op_type", &OnnxNode::op_type, "In the file, such as LSTM or com.microsoft.DynamicQuantizeLSTM.")
      .def_ro("error", &OnnxNode::error, "Why nothing can be made of the node; empty if nothing is wrong.")
      .def_ro("reasons", &OnnxNode::reasons, "For each input that is no constant, the reason.")
      .def_prop_ro("kind", [](const OnnxNode& node) { return to_string(node.op.kind); })
      .def_prop_ro("direction", [](const OnnxNode& node) { return to_string(node.op.direction); })
      .def_prop_ro("layout", [](const OnnxNode& node) { return node.op.batch_major ? 1 : 0; })
      .def_prop_ro(
          "cells",
          [](const OnnxNode& node) {
            nb::list cells;
            for (const OnnxCell& cell : onnx_cells(node.op, node.weights())) cells.append(nb::cast(cell.cell));
            return cells;
          },
          "The CellSpec of each direction.")
      .def_prop_ro(
          "weights",
          [](const OnnxNode& node) {
            const OnnxWeights weights = node.weights();
            nb::dict result;
            result["W"] = to_python(weights.kernel);
            result["R"] = to_python(weights.recurrent_kernel);
            result["B"] = to_python(weights.bias);
            result["P"] = to_python(weights.peepholes);
            return result;
          },
          "W, R, B and P in ONNX's layout; None for one that the node does not have.");
}

void bind_model(nb::module_& module) {
  nb::class_<OnnxModel>(module, "OnnxModel", "The recurrent nodes of a model, and its constants.")
      .def_ro("file", &OnnxModel::file)
      .def_ro("producer", &OnnxModel::producer)
      .def_ro("ir_version", &OnnxModel::ir_version)
      .def_ro("opset", &OnnxModel::opset)
      .def_ro("nodes", &OnnxModel::nodes)
      .def_prop_ro(
          "tensors",
          [](const OnnxModel& model) {
            nb::dict result;
            for (const OnnxTensorInfo& tensor : model.tensors) result[tensor.name.c_str()] = tensor.type;
            return result;
          },
          "The types and shapes of the initializers, by name.")
      .def_prop_ro("other_operators",
                   [](const OnnxModel& model) {
                     nb::dict result;
                     for (const auto& [name, count] : model.other_operators) result[name.c_str()] = count;
                     return result;
                   })
      .def("node", &OnnxModel::node, "name"_a, nb::rv_policy::reference_internal)
      .def(
          "tensor", [](const OnnxModel& model, const std::string& name) { return to_python(model.tensor(name)); },
          "name"_a)
      .def("describe", [](const OnnxModel& model) { return describe(model); });
}

}  // namespace

void bind_onnx_files(nb::module_& module) {
  bind_node(module);
  bind_model(module);
  nb::class_<OnnxRunner>(module, "OnnxRunner", "Runs one node, for one thread at a time.")
      .def(
          "__init__",
          [](OnnxRunner* made, const OnnxNode& node, const std::string& device, const std::string& math) {
            new (made) OnnxRunner(node, device_from(device, "device"), {.math = math_from_name(math)});
          },
          "node"_a, "device"_a = "cpu", "math"_a = "strict")
      .def("run", &run, "x"_a, nb::kw_only(), "lengths"_a = nb::none(), "initial_h"_a = nb::none(),
           "initial_c"_a = nb::none(), "(Y, Y_h, Y_c or None)")
      .def("explain", &OnnxRunner::explain, "T"_a, "B"_a, "has_lengths"_a = false,
           "How inputs of this size run, or why the node runs step by step.");
  module.def("read_onnx", &read_model, "model"_a, "file"_a, "path"_a = nb::none(), "Reads an onnx.ModelProto.");
}

}  // namespace rondo::python
