/// The host's version of src/cuda/device/async_copy.cuh. A copy happens when its thread waits for it: until then the
/// target holds NaNs, and the wait copies the words that the source then holds.
#pragma once

#include <cstring>
#include <deque>
#include <vector>

#include "cuda/device/words.h"

namespace rondo::device {

class AsyncCopies {
 public:
  void copy(Words4* target, const Words4* source) { start(target, source, sizeof *target); }
  void copy(std::uint32_t* target, const std::uint32_t* source) { start(target, source, sizeof *target); }

  void commit() {
    groups_.push_back(next_);
    next_.clear();
  }

  template <int kPending>
  void wait() {
    while (groups_.size() > kPending) {
      for (const Copy& copy : groups_.front()) std::memcpy(copy.target, copy.source, copy.bytes);
      groups_.pop_front();
    }
  }

 private:
  struct Copy {
    void* target;
    const void* source;
    std::size_t bytes;
  };

  void start(void* target, const void* source, std::size_t bytes) {
    std::memset(target, 0xff, bytes);
    next_.push_back({target, source, bytes});
  }

  std::vector<Copy> next_;
  std::deque<std::vector<Copy>> groups_;
};

}  // namespace rondo::device
