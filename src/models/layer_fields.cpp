#include "models/layer_fields.h"

#include <array>
#include <utility>

#include "formats/containers/json.h"
#include "rondo/vocabulary/error.h"

namespace rondo {
namespace {

using nlohmann::json;

bool is_whole(const json& value, std::int64_t least, std::int64_t most) {
  if (value.is_number_unsigned()) {
    const auto number = value.get<std::uint64_t>();
    return most >= 0 && number <= static_cast<std::uint64_t>(most) && static_cast<std::int64_t>(number) >= least;
  }
  return value.is_number_integer() && value.get<std::int64_t>() >= least && value.get<std::int64_t>() <= most;
}

std::string range(std::int64_t least, std::int64_t most) {
  return std::to_string(least) + " to " + (most == kLargestSize ? "2^31 - 1" : std::to_string(most));
}

}  // namespace

std::int64_t LayerFields::whole(const char* key, std::int64_t least, std::int64_t most) const {
  if (!is_whole(value(key), least, most)) refuse(key, "a whole number from " + range(least, most));
  return value(key).get<std::int64_t>();
}

std::int64_t LayerFields::whole_or(const char* key, std::int64_t fallback, std::int64_t least,
                                   std::int64_t most) const {
  return value(key).is_null() ? fallback : whole(key, least, most);
}

std::vector<std::int64_t> LayerFields::wholes(const char* key, std::int64_t least, std::int64_t most) const {
  const json& list = value(key);
  if (!list.is_array()) return {whole(key, least, most)};
  std::vector<std::int64_t> numbers;
  for (const json& number : list) {
    if (!is_whole(number, least, most)) refuse(key, "whole numbers from " + range(least, most));
    numbers.push_back(number.get<std::int64_t>());
  }
  return numbers;
}

double LayerFields::real(const char* key, double fallback) const {
  const json& number = value(key);
  if (number.is_null()) return fallback;
  if (number.is_number()) return number.get<double>();
  if (number.is_object() && number.contains("config") && number["config"].is_object() &&
      number["config"].contains("value") && number["config"]["value"].is_number()) {
    return number["config"]["value"].get<double>();
  }
  // A NumPy scalar of Keras 2: {"type": "ndarray", "value": 0.5}.
  if (number.is_object() && number.contains("value") && number["value"].is_number()) {
    return number["value"].get<double>();
  }
  refuse(key, "a number");
}

DType LayerFields::dtype(DType fallback) const {
  const json& given = value("dtype");
  if (given.is_null()) return fallback;
  std::string name = given.is_string() ? given.get<std::string>() : "";
  if (given.is_object() && given.contains("config") && given["config"].is_object() &&
      given["config"].contains("name") && given["config"]["name"].is_string()) {
    name = given["config"]["name"].get<std::string>();
  }
  const std::array<std::pair<const char*, DType>, 12> kNames{{{"float32", DType::f32},
                                                              {"float64", DType::f64},
                                                              {"float16", DType::f16},
                                                              {"bfloat16", DType::bf16},
                                                              {"mixed_float16", DType::f32},
                                                              {"mixed_bfloat16", DType::f32},
                                                              {"int8", DType::i32},
                                                              {"int16", DType::i32},
                                                              {"int32", DType::i32},
                                                              {"int64", DType::i64},
                                                              {"bool", DType::boolean},
                                                              {"uint8", DType::u8}}};
  for (const auto& [known, dtype] : kNames) {
    if (name == known) return dtype;
  }
  refuse("dtype", "float32, float64, float16, bfloat16, int32, int64 or bool");
}

}  // namespace rondo
