/// The index of a model in several safetensors files.
///
/// Source: `save_torch_state_dict` of https://github.com/huggingface/huggingface_hub: {"metadata": {...}, "weight_map":
/// {"tensor": "model-00001-of-00002.safetensors", ...}}.
#pragma once

#include <filesystem>

#include "rondo/formats/safetensors.h"

namespace rondo {

/// Reads all files of an index. Throws as load_safetensors.
Safetensors load_safetensors_index(const std::filesystem::path& path);

}  // namespace rondo
