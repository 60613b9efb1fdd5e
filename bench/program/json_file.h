/// What the files of all measuring programs have in common.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>

#include "rondo/vocabulary/device.h"

namespace rondo::bench {

nlohmann::ordered_json device_json(const DeviceProperties& device);

/// Whoever reads sees the whole old file or the whole new one. Throws `RuntimeError` when it cannot be written.
void write_json(const std::filesystem::path& path, const nlohmann::ordered_json& json);

}  // namespace rondo::bench
