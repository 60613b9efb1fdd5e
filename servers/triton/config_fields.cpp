#include "config_fields.h"

#include <charconv>
#include <limits>

#include "rondo/vocabulary/error.h"

namespace rondo::triton {
namespace {

constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();

std::string shown(const Json& value) {
  std::string text = value.dump(-1, ' ', false, Json::error_handler_t::replace);
  if (text.size() > 80) text = text.substr(0, 80) + "...";
  return text;
}

}  // namespace

const Json& field(const Json& object, const std::string& name) {
  static const Json kNothing;
  if (!object.is_object()) return kNothing;
  const auto found = object.find(name);
  return found == object.end() ? kNothing : *found;
}

bool has(const Json& object, const std::string& name) {
  const Json& value = field(object, name);
  return !value.is_null() && !((value.is_array() || value.is_object() || value.is_string()) && value.empty());
}

std::string text_field(const Json& object, const std::string& name) {
  const Json& value = field(object, name);
  if (value.is_null()) return {};
  if (!value.is_string()) throw ValueError(name, shown(value), "a text");
  return value.get<std::string>();
}

std::int64_t integer_field(const Json& object, const std::string& name) {
  const Json& value = field(object, name);
  if (value.is_null()) return 0;
  if (value.is_string()) return integer_of(name, value.get<std::string>(), -kMost, kMost);
  if (!value.is_number_integer()) throw ValueError(name, shown(value), "an integer");
  if (value.is_number_unsigned() && value.get<std::uint64_t>() > static_cast<std::uint64_t>(kMost))
    throw ValueError(name, shown(value), "an integer below 2^63");
  return value.get<std::int64_t>();
}

bool truth_field(const Json& object, const std::string& name) {
  const Json& value = field(object, name);
  if (value.is_null()) return false;
  if (!value.is_boolean()) throw ValueError(name, shown(value), "true or false");
  return value.get<bool>();
}

std::int64_t integer_of(const std::string& name, const std::string& text, std::int64_t least, std::int64_t most) {
  std::int64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [last, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || last != end || number < least || number > most) {
    throw ValueError(name, "'" + text.substr(0, 80) + "'",
                     "an integer from " + std::to_string(least) + " to " + std::to_string(most));
  }
  return number;
}

}  // namespace rondo::triton
