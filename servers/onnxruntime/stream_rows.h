/// The rows of a call of a stream's node: which stream each belongs to, and whether it begins or ends.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "call.h"
#include "serving/stream_key.h"
#include "stream_node.h"

namespace rondo::ort {

struct StreamRow {
  StreamKey session;
  bool start = false;
  bool end = false;
};

/// Where a fused node has the inputs of the operator.
using StreamPlaces = std::array<std::optional<std::size_t>, kStreamInputs>;

/// Reads `session`, `start` and `end` of B rows. Throws `ValueError` naming the input that does not fit.
std::vector<StreamRow> read_stream_rows(const Call& call, const StreamPlaces& places, std::int64_t B);

}  // namespace rondo::ort
