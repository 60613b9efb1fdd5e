/// JSON from untrusted files.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace rondo {

/// Parses a JSON text. Throws `ValueError`, which calls the text `what`, unless it is valid UTF-8 JSON without
/// duplicate keys, nested at most `max_depth` deep.
nlohmann::json parse_json(std::string_view text, const std::string& what, std::size_t max_depth);

/// The JSON of a value for messages, shortened.
std::string shown(const nlohmann::json& value);

}  // namespace rondo
