/// Layers of Keras's files and models, whose bytes Python code reads.
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "binding.h"
#include "formats/keras/keras_contents.h"
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
  std::optional<std::vector<std::string>> strings(const std::string& attribute, const std::string& where) const override {
    return nb::cast<std::optional<std::vector<std::string>>>(object_.attr("strings")(attribute, where));
  }

 private:
  nb::object object_;
};

ArrayGroup group_from(const nb::object& root, const std::string& file) {
  return {std::make_shared<PythonSource>(root), file};
}

nb::object options_of(const KerasLayer& layer) {
  const KerasLayer& configured = layer.wrapped.empty() ? layer : layer.wrapped.front();
  if (!configured.recurrent) return nb::none();
  const RNNOptions& options = configured.recurrent->options;
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

/// A layer of the module's class Layer, with its weights on `device`.
nb::object made(const KerasLayer& layer, const std::string& device) {
  KerasLayer moved = layer;
  for (Tensor& weight : moved.weights) weight = weight.to(device_from(device, "device"));
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
      .def_prop_ro("weights", [](const KerasLayer& layer) { return to_python(layer.weights); })
      .def_prop_ro("wrapped", [](const KerasLayer& layer) { return layer.wrapped; },
                   "The forward and the backward layer of a Bidirectional.")
      .def_prop_ro("options", &options_of, "Of a recurrent layer or a Bidirectional of such; else None.")
      .def_prop_ro("cells", &cells_of, "The CellSpec of each cell of a recurrent layer.")
      .def_prop_ro("dense", &dense_of, "units, activation and use_bias of a Dense; else None.")
      .def("make", &made, "device"_a = "cpu", "A Layer with these options and weights.");
}

nb::tuple result_of(const KerasModel& model) { return nb::make_tuple(model.keras_version, model.layers); }

}  // namespace

void bind_keras_files(nb::module_& module) {
  bind_layer(module);
  module.def(
      "read_keras_archive",
      [](const std::string& file, const std::string& configuration, const std::string& metadata, const nb::object& root) {
        const KerasArchive archive{.file = file, .configuration = configuration, .metadata = metadata};
        return result_of(read_keras_archive(archive, group_from(root, file + ": model.weights.h5")));
      },
      "file"_a, "configuration"_a, "metadata"_a, "root"_a,
      "The version and the layers of a .keras archive. `root` is the root group of its model.weights.h5.");
  module.def(
      "read_keras_tree",
      [](const std::string& file, const nb::object& root) { return result_of(read_keras_tree(group_from(root, file))); },
      "file"_a, "root"_a, "The version and the layers of an HDF5 file of Keras, of which `root` is the root group.");
  module.def(
      "read_keras_layer",
      [](const std::string& configuration, const std::string& keras_version, const std::string& file, nb::handle weights) {
        return read_keras_layer(configuration, keras_version, file, tensors_from(weights, "weights"));
      },
      "configuration"_a, "keras_version"_a, "file"_a, "weights"_a,
      "A layer of its configuration in JSON, and its weights in the order of get_weights(). Messages call it `file`.");
}

}  // namespace rondo::python
