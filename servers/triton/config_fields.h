/// Fields of a configuration, which the server writes as JSON with 64-bit integers as numbers or as texts.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

namespace rondo::triton {

using Json = nlohmann::json;

/// The field `name` of an object; null where it is not there.
const Json& field(const Json& object, const std::string& name);
/// Whether an object has the field, and the field is no empty list, object or text.
bool has(const Json& object, const std::string& name);
/// The field as a text, an integer or a truth; a missing one is "", 0 or false. Throw `ValueError` naming the field.
std::string text_field(const Json& object, const std::string& name);
std::int64_t integer_field(const Json& object, const std::string& name);
bool truth_field(const Json& object, const std::string& name);
/// Throws `ValueError` naming `name` unless `text` is an integer from `least` to `most`.
std::int64_t integer_of(const std::string& name, const std::string& text, std::int64_t least, std::int64_t most);

}  // namespace rondo::triton
