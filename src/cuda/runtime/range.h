/// Named ranges on the timeline of NVIDIA's profilers (NVTX). A build without RONDO_NVTX marks no ranges.
#pragma once

namespace rondo::cuda_runtime {

/// A range from here to the end of the scope, on the calling thread.
class Range {
 public:
  explicit Range(const char* name);
  ~Range();
  Range(const Range&) = delete;
  Range& operator=(const Range&) = delete;
};

}  // namespace rondo::cuda_runtime
