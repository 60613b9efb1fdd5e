/// The index of sharded weights, which Keras 3 writes as `.weights.json`.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace rondo {

/// Whether a JSON text is such an index: an object with `weight_map`. Never throws.
bool is_keras_index(std::string_view text);

/// The names of the shards, each once and in the order of names. `where` is the place for messages. Throws `ValueError`
/// for a text that is no such index, and for a name that is not that of a file beside the index.
std::vector<std::string> parse_keras_index(std::string_view text, const std::string& where);

}  // namespace rondo
