/// A file that is written at once.
#pragma once

#include <filesystem>
#include <span>
#include <string_view>
#include <vector>

#include "rondo/formats/safetensors.h"

namespace rondo {

/// Writes the parts one after the other. Throws `ValueError` naming a file that cannot be opened or written.
void write_file(const std::filesystem::path& path, std::span<const std::string_view> parts);

/// Throws `ValueError` naming the file if two of `tensors` have one name.
void check_names_differ(const std::string& file, const std::vector<NamedTensor>& tensors);

}  // namespace rondo
