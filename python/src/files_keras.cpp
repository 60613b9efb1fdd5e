/// Layers of Keras's files and models, whose bytes Python code reads.
#include <nanobind/stl/map.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "binding.h"
#include "formats/containers/confined_path.h"
#include "formats/containers/file_kind.h"
#include "formats/containers/merged_group.h"
#include "formats/keras/keras_contents.h"
#include "formats/keras/keras_shards.h"
#include "names.h"
#include "nests.h"
#include "rondo/formats/keras_model.h"
#include "rondo/vocabulary/error.h"

namespace rondo::python {
namespace {

using namespace nb::literals;

/// A group of a file as an object of Python gives it: rondo/keras/_files_hdf5.py has the class.
class PythonSource final : public GroupSource {
 public:
  explicit PythonSource(nb::object object) : object_(std::move(object)) {}

  std::vector<std::string> names(const std::string& where) const override {
    return nb::cast<std::vector<std::string>>(object_.attr("names")(where));
  }
  bool contains(const std::string& name, const std::string& where) const override {
    return nb::cast<bool>(object_.attr("contains")(name, where));
  }
  MemberKind kind(const std::string& name, const std::string& where) const override {
    const auto kind = nb::cast<std::optional<std::string>>(object_.attr("kind")(name, where));
    if (!kind) return MemberKind::none;
    return *kind == "group" ? MemberKind::group : MemberKind::array;
  }
  std::shared_ptr<const GroupSource> group(const std::string& name, const std::string& where) const override {
    return std::make_shared<PythonSource>(object_.attr("group")(name, where));
  }
  Tensor tensor(const std::string& name, const std::string& where) const override {
    return tensor_of(object_.attr("tensor")(name, where), "tensor");
  }
  bool is_integer(const std::string& name, const std::string& where) const override {
    return nb::cast<bool>(object_.attr("is_integer")(name, where));
  }
  std::optional<std::vector<std::string>> strings(const std::string& attribute,
                                                  const std::string& where) const override {
    return nb::cast<std::optional<std::vector<std::string>>>(object_.attr("strings")(attribute, where));
  }

 private:
  nb::object object_;
};

/// The root of a file, or of a list of files that are one.
ArrayGroup group_from(const nb::object& root, const std::string& file) {
  if (!nb::isinstance<nb::list>(root)) return {std::make_shared<PythonSource>(root), file};
  std::vector<std::shared_ptr<const GroupSource>> roots;
  for (const nb::handle one : root) roots.push_back(std::make_shared<PythonSource>(nb::borrow(one)));
  return merged_root(std::move(roots), file);
}

KerasRegistry registry_from(const std::map<std::string, std::string>& classes) {
  KerasRegistry registry;
  for (const auto& [name, keras_class] : classes) registry.add(name, keras_class);
  return registry;
}

/// The layer whose options a wrapper has.
const KerasLayer& innermost(const KerasLayer& layer) {
  return layer.wrapped.empty() ? layer : innermost(layer.wrapped.front());
}

nb::object options_of(const KerasLayer& layer) {
  const KerasLayer& configured = innermost(layer);
  if (!configured.recurrent && !configured.conv_lstm) return nb::none();
  const RNNOptions& options = configured.recurrent ? configured.recurrent->options : configured.conv_lstm->options;
  nb::dict result;
  result["return_sequences"] = options.return_sequences;
  result["return_state"] = options.return_state;
  result["go_backwards"] = options.go_backwards;
  result["stateful"] = options.stateful;
  result["time_major"] = options.time_major;
  result["zero_output_for_mask"] = options.zero_output_for_mask;
  return result;
}

nb::object dense_of(const KerasLayer& layer) {
  if (!layer.dense) return nb::none();
  nb::dict result;
  result["units"] = layer.dense->units;
  result["activation"] = layer.dense->activation;
  result["use_bias"] = layer.dense->use_bias;
  return result;
}

nb::list cells_of(const KerasLayer& layer) {
  nb::list cells;
  if (!layer.recurrent) return cells;
  for (const CellSpec& cell : layer.recurrent->cells) cells.append(nb::cast(cell));
  return cells;
}

void move_weights(KerasLayer& layer, Device device) {
  for (Tensor& weight : layer.weights) weight = weight.to(device);
  for (KerasLayer& inner : layer.wrapped) move_weights(inner, device);
}

/// A layer of the module's class Layer, Bidirectional or RecurrentLayer, with its weights on `device`.
nb::object made(const KerasLayer& layer, const std::string& device) {
  KerasLayer moved = layer;
  move_weights(moved, device_from(device, "device"));
  if (moved.wrapped.size() == 2 && is_recurrent(moved)) return nb::cast(make_bidirectional(moved));
  if (moved.wrapped.size() == 1) return nb::cast(make_recurrent(moved));
  return nb::cast(make_layer(moved).release(), nb::rv_policy::take_ownership);
}

void bind_layer(nb::module_& module) {
  nb::class_<KerasLayer>(module, "KerasLayer", "A layer of a Keras model, as far as its file describes it.")
      .def_ro("name", &KerasLayer::name)
      .def_ro("class_name", &KerasLayer::class_name)
      .def_ro("file", &KerasLayer::file)
      .def_ro("path", &KerasLayer::path)
      .def_ro("merge_mode", &KerasLayer::merge_mode)
      .def_ro("weight_paths", &KerasLayer::weight_paths)
      .def_ro("configuration", &KerasLayer::configuration)
      .def_ro("problem", &KerasLayer::problem, "Why Rondo cannot make the layer; empty where nothing is wrong.")
      .def_prop_ro("weights", [](const KerasLayer& layer) { return to_python(layer.weights); })
      .def_prop_ro(
          "wrapped", [](const KerasLayer& layer) { return layer.wrapped; },
          "The forward and the backward layer of a Bidirectional, or the layer of a TimeDistributed.")
      .def_prop_ro(
          "layers", [](const KerasLayer& layer) { return layer.layers; }, "Of a model inside the model.")
      .def_prop_ro(
          "is_recurrent", [](const KerasLayer& layer) { return is_recurrent(layer); },
          "Whether `make` has the layer's class and its configuration.")
      .def_prop_ro("options", &options_of, "Of a recurrent layer or a Bidirectional of such; else None.")
      .def_prop_ro("cells", &cells_of, "The CellSpec of each cell of a recurrent layer.")
      .def_prop_ro("dense", &dense_of, "units, activation and use_bias of a Dense; else None.")
      .def(
          "describe", [](const KerasLayer& layer) { return describe(layer); }, "A line for it and each layer in it.")
      .def("make", &made, "device"_a = "cpu",
           "A Layer with these options and weights; a Bidirectional or a RecurrentLayer for wrappers.");
}

/// ("archive", "hdf5", "json" or "other", what messages call the file), as load_keras tells files apart.
nb::tuple kind_of(const nb::bytes& start, std::uint64_t size) {
  const FileKind kind = file_kind({start.c_str(), start.size()}, size);
  const char* reader = "other";
  if (kind == FileKind::zip || kind == FileKind::keras_archive) reader = "archive";
  if (kind == FileKind::hdf5) reader = "hdf5";
  if (kind == FileKind::json || kind == FileKind::safetensors_index || kind == FileKind::keras_index ||
      kind == FileKind::keras_architecture) {
    reader = "json";
  }
  return nb::make_tuple(reader, described(kind));
}

nb::tuple result_of(const KerasModel& model) {
  return nb::make_tuple(model.keras_version, model.layers, model.problem, describe(model), model);
}

}  // namespace

void bind_keras_files(nb::module_& module) {
  using Classes = std::map<std::string, std::string>;
  bind_layer(module);
  module.def(
      "read_keras_archive",
      [](const std::string& file, const std::string& configuration, const std::string& metadata, const nb::object& root,
         const Classes& classes) {
        const KerasArchive archive{.file = file, .configuration = configuration, .metadata = metadata};
        return result_of(
            read_keras_archive(archive, group_from(root, file + ": model.weights.h5"), registry_from(classes)));
      },
      "file"_a, "configuration"_a, "metadata"_a, "root"_a, "classes"_a = Classes{},
      "(version, layers, problem, description, model) of a .keras archive. `root` is the root group of its "
      "model.weights.h5; "
      "`classes` has Keras's class for classes of others.");
  module.def(
      "read_keras_tree",
      [](const std::string& file, const nb::object& root, const Classes& classes) {
        return result_of(read_keras_tree(group_from(root, file), registry_from(classes)));
      },
      "file"_a, "root"_a, "classes"_a = Classes{},
      "The same of an HDF5 file of Keras, of which `root` is the root group, or of a list of the roots of shards.");
  module.def(
      "read_keras_files",
      [](const std::string& file, const std::string& text, const std::string& weights, const nb::object& root,
         const Classes& classes) {
        return result_of(
            read_keras_files({.file = file, .text = text}, group_from(root, weights), registry_from(classes)));
      },
      "file"_a, "text"_a, "weights"_a, "root"_a, "classes"_a = Classes{},
      "The same of the JSON of a model, and the file of its weights.");
  module.def("keras_file_kind", &kind_of, "start"_a, "size"_a,
             "Which reader a file with these first bytes is for, and what messages call the file.");
  module.attr("file_kind_bytes") = kFileKindBytes;
  module.def(
      "keras_shards",
      [](const std::string& text, const std::string& file) {
        std::vector<std::string> paths;
        for (const std::string& name : parse_keras_index(text, file)) {
          paths.push_back(confined_path(file, name, file + ": weight_map: " + name).string());
        }
        return paths;
      },
      "text"_a, "file"_a, "The paths of the files of a .weights.json, whose text is that of `file`.");
  module.def(
      "read_keras_layer",
      [](const std::string& configuration, const std::string& keras_version, const std::string& file,
         nb::handle weights) {
        return read_keras_layer(configuration, keras_version, file, tensors_from(weights, "weights"));
      },
      "configuration"_a, "keras_version"_a, "file"_a, "weights"_a,
      "A layer of its configuration in JSON, and its weights in the order of get_weights(). Messages call it `file`.");
}

}  // namespace rondo::python
