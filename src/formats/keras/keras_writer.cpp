// The layout of a .keras archive: saving_lib.py of Keras 3.
#include "rondo/formats/keras_writer.h"

#include <map>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "formats/containers/zip_writer.h"
#include "formats/keras/hdf5_writer.h"
#include "formats/network/saved_layers.h"
#include "rondo/vocabulary/error.h"

namespace rondo {
namespace {

using nlohmann::json;

constexpr const char* kKerasVersion = "3.15.0";

/// Objects of Keras's configurations.
json keras_object(const std::string& module, const std::string& class_name, json config) {
  return {{"module", module}, {"class_name", class_name}, {"config", std::move(config)}, {"registered_name", nullptr}};
}

json policy(const std::string& dtype) { return keras_object("keras", "DTypePolicy", {{"name", dtype}}); }

std::string activation_name(Activation activation, std::size_t layer) {
  if (activation == Activation::hard_sigmoid_keras3) return "hard_sigmoid";
  for (const Activation known : {Activation::linear, Activation::tanh, Activation::sigmoid, Activation::relu}) {
    if (activation == known) return to_string(activation);
  }
  throw ValueError(layer_name(layer) + ": activation", to_string(activation),
                   "tanh, sigmoid, relu, linear or hard_sigmoid of Keras 3");
}

const char* class_of(CellKind kind) {
  return kind == CellKind::lstm ? "LSTM" : kind == CellKind::gru ? "GRU" : "SimpleRNN";
}

const char* group_of(CellKind kind) {
  return kind == CellKind::lstm ? "lstm" : kind == CellKind::gru ? "gru" : "simple_rnn";
}

/// Makes the layers, their configurations and their weights.
class KerasText {
 public:
  explicit KerasText(const LoadedNetwork& network) : network_(network) {
    const DType dtype = network.spec.layers.front().forward.dtype;
    dtype_ = dtype == DType::f64 ? "float64" : "float32";
    const json batch_shape{nullptr, nullptr, network.input_features()};
    layers_.push_back(keras_object("keras.layers", "InputLayer",
                                   {{"batch_shape", batch_shape},
                                    {"dtype", dtype_},
                                    {"sparse", false},
                                    {"ragged", false},
                                    {"name", "input_layer"}}));
    for (std::size_t k = 0; k < network.spec.layers.size(); ++k) add_layer(k);
    json config{{"name", "sequential"}, {"trainable", true}, {"dtype", policy(dtype_)}, {"layers", layers_}};
    config["build_input_shape"] = batch_shape;
    model_ = keras_object("keras", "Sequential", std::move(config));
    model_["build_config"] = {{"input_shape", batch_shape}};
    model_["compile_config"] = nullptr;
  }

  std::string configuration() const { return model_.dump(); }
  const std::vector<NamedTensor>& weights() const { return weights_; }

 private:
  /// A name that no earlier layer has, as Keras counts: lstm, lstm_1, ...
  std::string counted(const std::string& name) {
    const int count = counts_[name]++;
    return count == 0 ? name : name + "_" + std::to_string(count);
  }

  void add_layer(std::size_t index);
  json recurrent(const RecurrenceSpec& spec, const std::string& name, std::size_t index) const;
  void put_weights(const RecurrentWeights& weights, const std::string& group);

  const LoadedNetwork& network_;
  std::string dtype_;
  json layers_ = json::array();
  json model_;
  std::map<std::string, int> counts_;
  std::vector<NamedTensor> weights_;
};

json KerasText::recurrent(const RecurrenceSpec& spec, const std::string& name, std::size_t index) const {
  const CellSpec& cell = spec.cell;
  json config{{"name", name},
              {"trainable", true},
              {"dtype", policy(dtype_)},
              {"return_sequences", true},
              {"return_state", false},
              {"go_backwards", !spec.rules.reads_forward()},
              {"stateful", false},
              {"unroll", false},
              {"zero_output_for_mask", spec.rules.dead == DeadOutput::zeros},
              {"units", cell.units},
              {"activation", activation_name(cell.activation, index)},
              {"use_bias", cell.use_bias},
              {"dropout", 0.0},
              {"recurrent_dropout", 0.0},
              {"seed", nullptr}};
  if (cell.kind != CellKind::simple_rnn) {
    config["recurrent_activation"] = activation_name(cell.recurrent_activation, index);
  }
  if (cell.kind == CellKind::lstm) config["unit_forget_bias"] = true;
  if (cell.kind == CellKind::gru) config["reset_after"] = cell.reset_after;
  json object = keras_object("keras.layers", class_of(cell.kind), std::move(config));
  object["build_config"] = {{"input_shape", {nullptr, nullptr, spec.I}}};
  return object;
}

void KerasText::put_weights(const RecurrentWeights& weights, const std::string& group) {
  const DType dtype = dtype_ == "float64" ? DType::f64 : DType::f32;
  int number = 0;
  const auto put = [&](const Tensor& tensor) {
    weights_.push_back({group + "/cell/vars/" + std::to_string(number++), tensor.to(cpu()).to(dtype)});
  };
  put(weights.kernel);
  put(weights.recurrent_kernel);
  if (weights.bias) put(*weights.bias);
}

void KerasText::add_layer(std::size_t index) {
  const NetworkLayer& layer = network_.spec.layers[index];
  const NetworkWeights& weights = network_.weights[index];
  check_plain_layer(layer, index, "Keras", false);
  const CellKind kind = layer.forward.cell.kind;
  if (layer_order(layer) == LayerOrder::reversed) {
    throw ValueError(layer_name(index), "reverse, whose outputs are at the steps of their inputs",
                     "go_backwards, or both directions, as Keras has them");
  }
  if (!layer.backward) {
    const std::string name = counted(group_of(kind));
    layers_.push_back(recurrent(layer.forward, name, index));
    put_weights(weights.forward, "layers/" + name);
    return;
  }
  const std::string name = counted("bidirectional");
  const std::string suffix = std::string(group_of(kind)) + "_" + std::to_string(index);
  json config{{"name", name}, {"trainable", true}, {"dtype", policy(dtype_)}, {"merge_mode", "concat"}};
  config["layer"] = recurrent(layer.forward, "forward_" + suffix, index);
  config["backward_layer"] = recurrent(*layer.backward, "backward_" + suffix, index);
  json object = keras_object("keras.layers", "Bidirectional", std::move(config));
  object["build_config"] = {{"input_shape", {nullptr, nullptr, layer.forward.I}}};
  layers_.push_back(std::move(object));
  put_weights(weights.forward, "layers/" + name + "/forward_layer");
  put_weights(*weights.backward, "layers/" + name + "/backward_layer");
}

}  // namespace

void save_keras(const std::filesystem::path& path, const LoadedNetwork& network) {
  const KerasText text(network);
  const json metadata{{"keras_version", kKerasVersion}, {"date_saved", "1980-01-01@00:00:00"}};
  write_zip(path, {{"metadata.json", metadata.dump()},
                   {"config.json", text.configuration()},
                   {"model.weights.h5", hdf5_bytes(text.weights(), path.string() + ": model.weights.h5")}});
}

}  // namespace rondo
