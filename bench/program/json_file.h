/// Writing of JSON files, for all measuring programs.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>

#include "rondo/vocabulary/device.h"

namespace rondo::bench {

nlohmann::ordered_json device_json(const DeviceProperties& device);

/// Replaces the file in one step: a reader sees all of the old file or all of the new one. Throws `RuntimeError` when
/// the file cannot be written.
void write_json(const std::filesystem::path& path, const nlohmann::ordered_json& json);

}  // namespace rondo::bench
