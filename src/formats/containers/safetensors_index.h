/// The index of a model in several safetensors files.
///
/// Source: `save_torch_state_dict` of https://github.com/huggingface/huggingface_hub: {"metadata": {...}, "weight_map":
/// {"tensor": "model-00001-of-00002.safetensors", ...}}.
#pragma once

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include "rondo/formats/safetensors.h"

namespace rondo {

/// Parses the text of an index, which messages call `name`: the names of the tensors of each file. Throws `ValueError`.
std::map<std::string, std::set<std::string>> parse_safetensors_index(std::string_view text, const std::string& name);

/// Reads all files of an index. Throws as load_safetensors.
Safetensors load_safetensors_index(const std::filesystem::path& path);

}  // namespace rondo
