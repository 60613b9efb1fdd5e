#include "program/json_file.h"

#include <fstream>

#include "program/environment.h"
#include "rondo/vocabulary/error.h"

namespace rondo::bench {

nlohmann::ordered_json device_json(const DeviceProperties& device) {
  nlohmann::ordered_json json{
      {"kind", to_string(device.device)}, {"name", device.name}, {"processors", device.processors}};
  if (device.device.type == DeviceType::cuda) {
    json["compute_capability"] = device.compute_capability;
    json["l2_bytes"] = device.l2_bytes;
    json["memory_bytes"] = device.memory_bytes;
  } else {
    json["name"] = processor_name();
  }
  return json;
}

void write_json(const std::filesystem::path& path, const nlohmann::ordered_json& json) {
  const std::filesystem::path unfinished = path.string() + ".part";
  std::ofstream stream(unfinished);
  stream << json.dump(1) << "\n";
  stream.close();
  if (!stream) throw RuntimeError("cannot write " + unfinished.string());
  std::filesystem::rename(unfinished, path);
}

}  // namespace rondo::bench
