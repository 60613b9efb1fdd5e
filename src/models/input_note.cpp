#include "models/input_note.h"

#include <limits>
#include <utility>

#include "formats/containers/json.h"
#include "rondo/vocabulary/error.h"

namespace rondo {
namespace {

using nlohmann::json;

bool is_shape(const json& value) { return value.is_array() && !value.empty() && !value[0].is_structured(); }

Shape shape_from(const json& value, const std::string& where) {
  const std::string expected = "a list of 1 to " + std::to_string(kMaxRank) + " sizes from 0 to 2^31 - 1, or null";
  if (!is_shape(value) || value.size() > kMaxRank) throw ValueError(where, shown(value), expected);
  Shape shape;
  for (const json& size : value) {
    const bool known =
        size.is_number_unsigned() &&
        size.get<std::uint64_t>() <= static_cast<std::uint64_t>(std::numeric_limits<std::int32_t>::max());
    if (!known && !size.is_null()) throw ValueError(where, shown(value), expected);
    shape = shape.insert(shape.rank(), known ? size.get<std::int64_t>() : kUnknownSize);
  }
  return shape;
}

/// The first of several places that has a shape; null if none has.
const json* find_shape(std::initializer_list<const json*> objects, std::initializer_list<const char*> keys) {
  for (const json* object : objects) {
    if (object == nullptr || !object->is_object()) continue;
    for (const char* key : keys) {
      const auto found = object->find(key);
      if (found != object->end() && is_shape(*found)) return &*found;
    }
  }
  return nullptr;
}

const json* member(const json& object, const char* key) {
  const auto found = object.is_object() ? object.find(key) : object.end();
  return found != object.end() ? &*found : nullptr;
}

}  // namespace

TensorNote input_note(const LayerFields& config) {
  for (const char* key : {"sparse", "ragged"}) {
    if (config.value(key) == true) config.refuse(key, "false: padded inputs with a mask, as of Masking or mask_zero");
  }
  for (const char* key : {"batch_shape", "batch_input_shape"}) {
    if (config.contains(key)) {
      return {shape_from(config.value(key), config.where() + ": " + key), config.dtype(DType::f32)};
    }
  }
  config.refuse("batch_shape", "the shape of an input");
}

GraphLayer implied_input(const json& model, const json& first_layer, const std::string& where,
                         const KerasOrigin& origin) {
  const json* config = member(first_layer, "config");
  const json* model_config = member(model, "config");
  const json* shape = find_shape({config}, {"batch_input_shape", "batch_shape"});
  if (shape == nullptr) shape = find_shape({model_config}, {"build_input_shape"});
  if (shape == nullptr)
    shape = find_shape({member(model, "build_config"), member(first_layer, "build_config")}, {"input_shape"});
  if (shape == nullptr) {
    throw ValueError(where + ": input", "no shape", "an InputLayer, batch_input_shape or build_input_shape");
  }
  const bool ids = first_layer.value("class_name", json()) == "Embedding";
  const DType dtype = config == nullptr || ids ? DType::f32 : LayerFields(*config, where, origin).dtype(DType::f32);
  GraphLayer input{.name = "input", .class_name = "InputLayer", .entry = json::object()};
  input.input = TensorNote{shape_from(*shape, where + ": input_shape"), ids ? DType::i32 : dtype};
  input.nodes.emplace_back();
  return input;
}

}  // namespace rondo
