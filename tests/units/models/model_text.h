/// Models that tests write, in the forms of Keras 2 and of Keras 3, without a file.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "rondo/formats/keras_model.h"

namespace rondo::test {

/// A Functional model, layer by layer. Names of tensors are "lstm", or "lstm:1:2" for output 2 of call 1.
///
/// @code
/// ModelText text(3);
/// text.input("x", {nullptr, 5, 4});
/// text.add("LSTM", "lstm", {{"units", 3}}, {"x"}).weights({{4, 12}, {3, 12}, {12}});
/// text.outputs({"lstm"});
/// Model model(text.model());
/// @endcode
class ModelText {
 public:
  explicit ModelText(int keras) : keras_(keras) {}

  ModelText& input(const std::string& name, const nlohmann::json& shape, const std::string& dtype = "float32");
  /// Adds a layer and its first call. Texts of `keywords` that are names of tensors stand for these.
  ModelText& add(const std::string& class_name, const std::string& name, const nlohmann::json& config,
                 const std::vector<std::string>& inputs, const nlohmann::json& keywords = nlohmann::json::object());
  /// Calls a layer once more.
  ModelText& call(const std::string& name, const std::vector<std::string>& inputs,
                  const nlohmann::json& keywords = nlohmann::json::object());
  /// Random weights of the layer that was added last.
  ModelText& weights(const std::vector<Shape>& shapes);
  ModelText& outputs(const std::vector<std::string>& names);

  /// The configuration, which a test may break.
  nlohmann::json& document() { return document_; }
  KerasModel model() const;

 private:
  nlohmann::json node(const std::vector<std::string>& inputs, const nlohmann::json& keywords) const;
  nlohmann::json tensor(const std::string& name) const;
  nlohmann::json keyword(const nlohmann::json& value) const;

  int keras_;
  nlohmann::json document_ = {{"class_name", "Functional"},
                              {"config",
                               {{"name", "model"},
                                {"layers", nlohmann::json::array()},
                                {"input_layers", nlohmann::json::array()},
                                {"output_layers", nlohmann::json::array()}}}};
  std::map<std::string, std::vector<Tensor>> weights_;
  std::uint64_t seed_ = 1;
};

/// A Sequential model of entries, {class_name, config}, with random weights for each.
KerasModel sequential_text(int keras, const nlohmann::json& layers, const std::vector<std::vector<Shape>>& weights);

/// A model of this configuration whose layers have these weights.
KerasModel text_model(int keras, const nlohmann::json& document,
                      const std::map<std::string, std::vector<Tensor>>& weights);

/// Random numbers of this shape, from -0.5 to 0.5.
Tensor random_weight(const Shape& shape, std::uint64_t seed);

}  // namespace rondo::test
