#include "cuda/device/launch_room.h"

namespace rondo::device {

std::string why_no_room(const LaunchConfig& config, const LaunchRoom& room) {
  if (config.shared_bytes > room.shared_bytes) {
    return "a block needs " + std::to_string(config.shared_bytes) + " bytes of shared memory, and the device has " +
           std::to_string(room.shared_bytes) + " for a block";
  }
  if (config.cluster_blocks > 1 && room.clusters == 0) {
    return "it needs a cluster of " + std::to_string(config.cluster_blocks) + " blocks with " +
           std::to_string(config.shared_bytes) + " bytes of shared memory each, and the device has room for none";
  }
  const std::size_t blocks = std::size_t{config.grid.x} * config.grid.y;
  if (config.cooperative && blocks > static_cast<std::size_t>(room.blocks)) {
    return "its " + std::to_string(blocks) + " blocks have to run at once, and the device has room for " +
           std::to_string(room.blocks);
  }
  return {};
}

}  // namespace rondo::device
