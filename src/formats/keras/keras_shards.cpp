#include "formats/keras/keras_shards.h"

#include <set>

#include "formats/containers/json.h"
#include "formats/keras/keras_fields.h"
#include "rondo/vocabulary/error.h"

namespace rondo {
namespace {

using nlohmann::json;

constexpr std::size_t kDepth = 8;
constexpr std::size_t kMostShards = 1000;  // each is an open file

/// Adds the name of a file in the folder of the index, and of no other.
void add_shard(const json& name, const std::string& where, std::set<std::string>& shards) {
  const std::string expected = "the name of a .weights.h5 file in the folder of the index";
  if (!name.is_string()) throw ValueError(where, shown(name), expected);
  const auto text = name.get<std::string>();
  const bool is_plain = text.find_first_of("/\\:") == std::string::npos && text.find('\0') == std::string::npos;
  if (!is_plain || !text.ends_with(".h5") || text.starts_with(".")) throw ValueError(where, shown(name), expected);
  shards.insert(text);
  if (shards.size() > kMostShards) throw ValueError(where, "more shards", "at most " + std::to_string(kMostShards));
}

}  // namespace

bool is_keras_index(std::string_view text) {
  try {
    return parse_json(text, "index", kDepth).contains("weight_map");
  } catch (const ValueError&) {
    return false;
  }
}

std::vector<std::string> parse_keras_index(std::string_view text, const std::string& where) {
  const json document = parse_json(text, where, kDepth);
  const KerasFields index(document, where, {});
  std::set<std::string> shards;
  for (const auto& [path, files] : index.object("weight_map").items()) {
    const std::string place = where + ": weight_map: " + path;
    if (!files.is_array()) {
      add_shard(files, place, shards);
      continue;
    }
    for (const json& file : files) add_shard(file, place, shards);
  }
  if (shards.empty()) throw ValueError(where + ": weight_map", "no files", "at least one");
  return {shards.begin(), shards.end()};
}

}  // namespace rondo
