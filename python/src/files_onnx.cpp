/// Recurrent nodes of ONNX models, whose bytes Python's package onnx reads.
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "binding.h"
#include "formats/onnx/onnx_message.h"
#include "names.h"
#include "nests.h"
#include "rondo/formats/onnx_model.h"

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

OnnxTensorMessage tensor_message(nb::handle tensor) {
  OnnxTensorMessage result{.name = text(tensor.attr("name")),
                           .dims = list<std::int64_t>(tensor, "dims"),
                           .data_type = field<std::int32_t>(tensor, "data_type"),
                           .data_location = field<std::int32_t>(tensor, "data_location"),
                           .float_data = list<float>(tensor, "float_data"),
                           .double_data = list<double>(tensor, "double_data"),
                           .int32_data = list<std::int32_t>(tensor, "int32_data"),
                           .int64_data = list<std::int64_t>(tensor, "int64_data")};
  if (has(tensor, "raw_data")) result.raw_data = text(tensor.attr("raw_data"));
  return result;
}

OnnxAttributeMessage attribute_message(nb::handle attribute) {
  OnnxAttributeMessage result{.name = text(attribute.attr("name")),
                              .floats = list<float>(attribute, "floats"),
                              .strings = texts(attribute, "strings")};
  if (has(attribute, "f")) result.f = field<float>(attribute, "f");
  if (has(attribute, "i")) result.i = field<std::int64_t>(attribute, "i");
  if (has(attribute, "s")) result.s = text(attribute.attr("s"));
  if (has(attribute, "t")) result.t = tensor_message(attribute.attr("t"));
  return result;
}

OnnxNodeMessage node_message(nb::handle node) {
  OnnxNodeMessage result{.name = text(node.attr("name")),
                         .op_type = text(node.attr("op_type")),
                         .domain = text(node.attr("domain")),
                         .inputs = texts(node, "input"),
                         .outputs = texts(node, "output")};
  for (const nb::handle attribute : node.attr("attribute")) result.attributes.push_back(attribute_message(attribute));
  return result;
}

/// The version, the producer and the recurrent nodes of an onnx.ModelProto.
nb::dict read_model(nb::handle message, const std::string& file) {
  OnnxModelMessage model{.ir_version = field<std::int64_t>(message, "ir_version"),
                         .producer_name = text(message.attr("producer_name"))};
  for (const nb::handle set : message.attr("opset_import")) {
    model.opset_import.push_back({text(set.attr("domain")), field<std::int64_t>(set, "version")});
  }
  const nb::object graph = message.attr("graph");
  for (const nb::handle node : graph.attr("node")) model.nodes.push_back(node_message(node));
  for (const nb::handle tensor : graph.attr("initializer")) model.initializers.push_back(tensor_message(tensor));
  OnnxModel read = read_onnx(model, file);
  nb::dict result;
  result["producer"] = read.producer;
  result["ir_version"] = read.ir_version;
  result["opset"] = read.opset;
  result["nodes"] = std::move(read.nodes);
  return result;
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
      .def_prop_ro("kind", [](const OnnxNode& node) { return to_string(node.op.kind); })
      .def_prop_ro("direction", [](const OnnxNode& node) { return to_string(node.op.direction); })
      .def_prop_ro("layout", [](const OnnxNode& node) { return node.op.batch_major ? 1 : 0; })
      .def_prop_ro("cells", [](const OnnxNode& node) {
             nb::list cells;
             for (const OnnxCell& cell : onnx_cells(node.op, node.weights())) cells.append(nb::cast(cell.cell));
             return cells;
           }, "The CellSpec of each direction.")
      .def_prop_ro("weights", [](const OnnxNode& node) {
             const OnnxWeights weights = node.weights();
             nb::dict result;
             result["W"] = to_python(weights.kernel);
             result["R"] = to_python(weights.recurrent_kernel);
             result["B"] = to_python(weights.bias);
             result["P"] = to_python(weights.peepholes);
             return result;
           }, "W, R, B and P in ONNX's layout; None for one that the node does not have.");
}

}  // namespace

void bind_onnx_files(nb::module_& module) {
  bind_node(module);
  nb::class_<OnnxRunner>(module, "OnnxRunner", "Runs one node, for one thread at a time.")
      .def(
          "__init__",
          [](OnnxRunner* made, const OnnxNode& node, const std::string& device) {
            new (made) OnnxRunner(node, device_from(device, "device"));
          },
          "node"_a, "device"_a = "cpu")
      .def("run", &run, "x"_a, nb::kw_only(), "lengths"_a = nb::none(), "initial_h"_a = nb::none(),
           "initial_c"_a = nb::none(), "(Y, Y_h, Y_c or None)")
      .def("explain", &OnnxRunner::explain, "T"_a, "B"_a, "has_lengths"_a = false,
           "How inputs of this size run, or why the node runs step by step.");
  module.def("read_onnx", &read_model, "model"_a, "file"_a,
             "The recurrent nodes of an onnx.ModelProto: {producer, ir_version, opset, nodes}.");
}

}  // namespace rondo::python
