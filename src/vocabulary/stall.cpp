#include "rondo/vocabulary/stall.h"

#include <sstream>

namespace rondo {

std::string to_string(const StallRecord& record) {
  std::ostringstream text;
  text << "a " << (record.kind == WaitKind::cluster ? "cluster" : "grid") << " kernel: block " << record.block
       << ", warp " << record.warp << " waited in vain at step " << record.step << " for exchange " << record.exchange
       << ", tile " << record.tile;
  return text.str();
}

}  // namespace rondo
