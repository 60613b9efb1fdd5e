/// Networks of recurrent layers from files: LoadedNetwork, its sessions, and the files of safetensors.
#include <nanobind/stl/filesystem.h>
#include <nanobind/stl/map.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <span>
#include <string>
#include <vector>

#include "binding.h"
#include "cells.h"
#include "names.h"
#include "nests.h"
#include "rondo/formats/keras_model.h"
#include "rondo/formats/onnx_model.h"
#include "rondo/formats/pytorch_weights.h"
#include "rondo/formats/safetensors.h"
#include "rondo/vocabulary/error.h"

namespace rondo::python {
namespace {

using namespace nb::literals;

void bind_safetensors(nb::module_& module) {
  nb::class_<Safetensors>(module, "Safetensors", "The tensors of a safetensors file, by name.")
      .def_prop_ro("file", &Safetensors::file)
      .def_prop_ro("metadata", &Safetensors::metadata)
      .def_prop_ro("names",
                   [](const Safetensors& file) {
                     std::vector<std::string> names;
                     for (const NamedTensor& named : file.tensors()) names.push_back(named.name);
                     return names;
                   })
      .def("__contains__", &Safetensors::contains, "name"_a)
      .def("__len__", [](const Safetensors& file) { return file.tensors().size(); })
      .def(
          "tensor", [](const Safetensors& file, const std::string& name) { return Array{file.tensor(name)}; }, "name"_a,
          "Raises ValueError for a name that the file does not have.");
  module.def("load_safetensors", &load_safetensors, "path"_a, nb::call_guard<nb::gil_scoped_release>(),
             "Reads a safetensors file. Raises ValueError, naming the file, for what is none.");
  module.def(
      "parse_safetensors",
      [](const nb::bytes& bytes, const std::string& name) {
        return parse_safetensors(std::as_bytes(std::span(bytes.c_str(), bytes.size())), name);
      },
      "bytes"_a, "name"_a, "Reads the bytes of a safetensors file, which messages call `name`.");
}

void make_direction(DirectionTensors* made, nb::handle initial_state, nb::handle last_output, nb::handle final_state,
                    nb::handle reset_state) {
  new (made) DirectionTensors{.initial_state = tensors_from(initial_state, "initial_state"),
                              .last_output = optional_output(last_output, "last_output"),
                              .final_state = outputs_from(final_state, "final_state"),
                              .reset_state = tensors_from(reset_state, "reset_state")};
}

void make_network_tensors(NetworkTensors* made, nb::handle x, nb::handle y, nb::handle mask, nb::handle lengths,
                          nb::handle resets, std::vector<LayerTensors> layers, nb::handle batch_sizes,
                          nb::handle row_indices, nb::handle reserve) {
  new (made) NetworkTensors{.x = tensor_of(x, "x"),
                            .mask = optional_tensor(mask, "mask"),
                            .lengths = optional_tensor(lengths, "lengths"),
                            .resets = optional_tensor(resets, "resets"),
                            .y = optional_output(y, "y"),
                            .layers = std::move(layers),
                            .batch_sizes = optional_tensor(batch_sizes, "batch_sizes"),
                            .row_indices = optional_tensor(row_indices, "row_indices"),
                            .reserve = optional_output(reserve, "reserve")};
}

void bind_tensors_of_networks(nb::module_& module) {
  nb::class_<DirectionTensors>(module, "DirectionTensors", "States and the last output of one direction of a layer.")
      .def("__init__", &make_direction, nb::kw_only(), "initial_state"_a = nb::none(), "last_output"_a = nb::none(),
           "final_state"_a = nb::none(), "reset_state"_a = nb::none());
  nb::class_<LayerTensors>(module, "LayerTensors", "Those of both directions of a layer.")
      .def(
          "__init__",
          [](LayerTensors* made, const DirectionTensors& forward, const std::optional<DirectionTensors>& backward) {
            new (made) LayerTensors{.forward = forward, .backward = backward.value_or(DirectionTensors{})};
          },
          "forward"_a, "backward"_a = nb::none());
  nb::class_<NetworkTensors>(module, "NetworkTensors",
                             "The tensors of a run, each a view (T, B, ...) of the caller's memory.")
      .def("__init__", &make_network_tensors, "x"_a.none(), nb::kw_only(), "y"_a = nb::none(), "mask"_a = nb::none(),
           "lengths"_a = nb::none(), "resets"_a = nb::none(), "layers"_a = std::vector<LayerTensors>(),
           "batch_sizes"_a = nb::none(), "row_indices"_a = nb::none(), "reserve"_a = nb::none());
}

void bind_network_session(nb::module_& module) {
  nb::class_<NetworkSession>(module, "NetworkSession",
                             "A network with its weights and its workspace: `run` allocates nothing.")
      .def("run", &NetworkSession::run, "tensors"_a, nb::call_guard<nb::gil_scoped_release>())
      .def("reload_weights", &NetworkSession::reload_weights, nb::call_guard<nb::gil_scoped_release>())
      .def(
          "finish",
          [](NetworkSession& session) {
            const nb::gil_scoped_release unlocked;
            return session.finish().stalled;
          },
          "Waits for the runs, and returns whether one has stalled.")
      .def("explain", [](const NetworkSession& session) { return session.plan().explain(); })
      .def_prop_ro("workspace_bytes", [](const NetworkSession& session) { return session.plan().workspace_bytes(); });
}

/// The recurrences of a network, from the input up: {kind, units, activation, ..., backward} of each layer.
nb::list layers_of(const LoadedNetwork& network) {
  nb::list layers;
  for (const NetworkLayer& layer : network.spec.layers) {
    nb::dict described;
    described["I"] = layer.forward.I;
    described["forward"] = nb::cast(layer.forward.cell);
    described["backward"] = layer.backward ? nb::cast(layer.backward->cell) : nb::object(nb::none());
    layers.append(described);
  }
  return layers;
}

nb::list weights_of(const LoadedNetwork& network) {
  nb::list layers;
  for (const NetworkWeights& layer : network.weights) {
    const nb::object backward = layer.backward ? nb::object(to_python(*layer.backward)) : nb::object(nb::none());
    layers.append(nb::make_tuple(to_python(layer.forward), backward));
  }
  return layers;
}

NetworkSession make_session(const LoadedNetwork& network, std::int64_t T, std::int64_t B, bool has_mask,
                            bool has_lengths, bool packed, const std::string& executor, int threads, bool never_waits,
                            std::int64_t chunk_steps) {
  const LoadedSizes sizes{.T = T, .B = B, .has_mask = has_mask, .has_lengths = has_lengths, .packed = packed};
  const NetworkOptions options{
      .executor = executor, .never_waits = never_waits, .threads = threads, .chunk_steps = chunk_steps};
  const nb::gil_scoped_release unlocked;
  return network.session(sizes, options);
}

void bind_network(nb::module_& module) {
  nb::class_<LoadedNetwork>(module, "LoadedNetwork", "A stack of recurrent layers from a file, with its weights.")
      .def_prop_ro("input_features", &LoadedNetwork::input_features)
      .def_prop_ro("output_features", &LoadedNetwork::output_features)
      .def_prop_ro("layers", &layers_of, "For each layer its I, and the CellSpec of each direction.")
      .def_prop_ro("weights", &weights_of, "For each layer (forward, backward or None), each in Keras's order.")
      .def(
          "to",
          [](const LoadedNetwork& network, const std::string& device) {
            return network.to(device_from(device, "device"));
          },
          "device"_a)
      .def("session", &make_session, nb::kw_only(), "T"_a, "B"_a, "has_mask"_a = false, "has_lengths"_a = false,
           "packed"_a = false, "executor"_a = "", "threads"_a = 0, "never_waits"_a = false, "chunk_steps"_a = 0,
           "A NetworkSession for runs of these sizes.");
  module.def(
      "pytorch_network",
      [](const Safetensors& file, const std::string& kind, const std::string& prefix, const std::string& activation) {
        return pytorch_network(
            file, {.kind = kind_from(kind), .prefix = prefix, .activation = activation_from_name(activation)});
      },
      "file"_a, "kind"_a = "lstm", nb::kw_only(), "prefix"_a = "", "activation"_a = "tanh",
      "The network of a module of PyTorch: all its layers and directions. `prefix` is its name, with the dot.");
  module.def(
      "keras_network", [](const std::vector<KerasLayer>& layers) { return keras_network(layers); }, "layers"_a);
  module.def(
      "onnx_network", [](const std::vector<OnnxNode>& nodes) { return onnx_network(nodes); }, "nodes"_a);
}

}  // namespace

void bind_networks(nb::module_& module) {
  bind_safetensors(module);
  bind_tensors_of_networks(module);
  bind_network_session(module);
  bind_network(module);
}

}  // namespace rondo::python
