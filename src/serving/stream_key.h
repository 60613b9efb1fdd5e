/// Keys of streams in tables and in messages.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "rondo/serving/stream_batcher.h"

namespace rondo {

/// A hash that differs between tables, so that no client can choose keys that share a bucket.
class StreamKeyHash {
 public:
  StreamKeyHash();
  std::size_t operator()(const StreamKey& key) const;

 private:
  std::uint64_t seed_;
};

/// The key as messages have it: 7, or "user-7"; a long text is cut off.
std::string describe(const StreamKey& key);

}  // namespace rondo
