#include <array>

#include "rondo/serving/stream_batcher.h"

namespace rondo {

std::string_view to_string(StreamOutcome outcome) {
  constexpr std::array<std::string_view, StreamMetrics::kOutcomes> kNames = {"done",       "invalid",   "no_slot",
                                                                             "queue_full", "cancelled", "failed"};
  return kNames[static_cast<std::size_t>(outcome)];
}

}  // namespace rondo
