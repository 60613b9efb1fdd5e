#include "units/models/model_text.h"

#include <sstream>

#include "formats/keras/keras_configuration.h"
#include "formats/keras/keras_layer.h"

namespace rondo::test {
namespace {

using nlohmann::json;

json position(const std::string& name) {
  std::istringstream text(name);
  std::string layer;
  std::string number;
  json result = {"", 0, 0};
  for (std::size_t part = 0; std::getline(text, number, ':'); ++part) {
    if (part == 0) {
      result[0] = number;
    } else {
      result[part] = std::stoi(number);
    }
  }
  return result;
}

json& layers_of(json& document) { return document["config"]["layers"]; }

}  // namespace

Tensor random_weight(const Shape& shape, std::uint64_t seed) {
  std::vector<float> values(static_cast<std::size_t>(shape.numel()));
  std::uint64_t state = seed * 2654435761U + 12345U;
  for (float& value : values) {
    state = state * 6364136223846793005ULL + 1442695040888963407ULL;
    value = static_cast<float>(state >> 40U) / static_cast<float>(1U << 24U) - 0.5F;
  }
  return Tensor::from(values, shape);
}

json ModelText::tensor(const std::string& name) const {
  const json place = position(name);
  if (keras_ < 3) return place;
  return {{"class_name", "__keras_tensor__"},
          {"config", {{"shape", {nullptr}}, {"dtype", "float32"}, {"keras_history", place}}}};
}

json ModelText::keyword(const json& value) const {
  if (value.is_string()) return tensor(value.get<std::string>());
  if (!value.is_array()) return value;
  json list = json::array();
  for (const json& item : value) list.push_back(keyword(item));
  return list;
}

json ModelText::node(const std::vector<std::string>& inputs, const json& keywords) const {
  json named = json::object();
  for (const auto& [name, value] : keywords.items()) named[name] = keyword(value);
  json list = json::array();
  for (const std::string& input : inputs) {
    list.push_back(tensor(input));
    if (keras_ < 3) list.back().push_back(named);
  }
  if (keras_ < 3) return list;
  return {{"args", json::array({inputs.size() == 1 ? list[0] : list})}, {"kwargs", named}};
}

ModelText& ModelText::input(const std::string& name, const json& shape, const std::string& dtype) {
  const char* key = keras_ < 3 ? "batch_input_shape" : "batch_shape";
  layers_of(document_).push_back({{"class_name", "InputLayer"},
                                  {"name", name},
                                  {"config", {{"name", name}, {key, shape}, {"dtype", dtype}}},
                                  {"inbound_nodes", json::array()}});
  document_["config"]["input_layers"].push_back({name, 0, 0});
  return *this;
}

ModelText& ModelText::add(const std::string& class_name, const std::string& name, const json& config,
                          const std::vector<std::string>& inputs, const json& keywords) {
  json named = config;
  named["name"] = name;
  layers_of(document_).push_back({{"class_name", class_name},
                                  {"name", name},
                                  {"config", named},
                                  {"inbound_nodes", json::array({node(inputs, keywords)})}});
  return *this;
}

ModelText& ModelText::call(const std::string& name, const std::vector<std::string>& inputs, const json& keywords) {
  for (json& layer : layers_of(document_)) {
    if (layer["name"] == name) layer["inbound_nodes"].push_back(node(inputs, keywords));
  }
  return *this;
}

ModelText& ModelText::weights(const std::vector<Shape>& shapes) {
  std::vector<Tensor>& list = weights_[layers_of(document_).back()["name"].get<std::string>()];
  for (const Shape& shape : shapes) list.push_back(random_weight(shape, seed_++));
  return *this;
}

ModelText& ModelText::outputs(const std::vector<std::string>& names) {
  for (const std::string& name : names) document_["config"]["output_layers"].push_back(position(name));
  return *this;
}

KerasModel ModelText::model() const { return text_model(keras_, document_, weights_); }

KerasModel text_model(int keras, const json& document, const std::map<std::string, std::vector<Tensor>>& weights) {
  KerasModel model;
  model.file = "m.keras";
  model.keras_version = keras < 3 ? "2.15.0" : "3.15.1";
  model.configuration = document.dump();
  const KerasOrigin origin = keras_origin(model.keras_version, model.file);
  for (const json& entry : document["config"]["layers"]) {
    if (entry["class_name"] == "InputLayer") continue;
    KerasLayer layer = parse_keras_layer(entry.dump(), origin);
    const auto found = weights.find(layer.name);
    if (found != weights.end()) layer.weights = found->second;
    // Weights of an inner model belong to the layer that their names begin with: here the last one.
    for (std::size_t k = 0; !layer.layers.empty() && k < layer.weights.size(); ++k) {
      layer.weight_paths.push_back(layer.layers.back().name + "/" + std::to_string(k));
    }
    share_weights(layer);
    settle_weights(layer);
    model.layers.push_back(std::move(layer));
  }
  return model;
}

KerasModel sequential_text(int keras, const json& layers, const std::vector<std::vector<Shape>>& weights) {
  std::map<std::string, std::vector<Tensor>> tensors;
  std::uint64_t seed = 1;
  for (std::size_t k = 0; k < weights.size(); ++k) {
    for (const Shape& shape : weights[k]) {
      tensors[layers[k]["config"]["name"].get<std::string>()].push_back(random_weight(shape, seed++));
    }
  }
  return text_model(keras, {{"class_name", "Sequential"}, {"config", {{"name", "model"}, {"layers", layers}}}},
                    tensors);
}

}  // namespace rondo::test
