/// Cuts a workspace into typed pieces, and measures it. An executor lays out its pieces in one function, which runs
/// with a null workspace to count bytes and with the real workspace to get pointers.
#pragma once

#include <cstddef>
#include <cstdint>

#include "rondo/tensor/allocator.h"

namespace rondo {

class WorkspaceCutter {
 public:
  explicit WorkspaceCutter(void* workspace) : base_(static_cast<std::byte*>(workspace)) {}

  /// The next piece of `count` elements, aligned to Allocator::kAlignment; null while measuring.
  template <typename Element>
  Element* take(std::int64_t count) {
    const std::size_t offset = used_;
    const std::size_t bytes = static_cast<std::size_t>(count) * sizeof(Element);
    used_ += (bytes + Allocator::kAlignment - 1) / Allocator::kAlignment * Allocator::kAlignment;
    return base_ == nullptr ? nullptr : reinterpret_cast<Element*>(base_ + offset);
  }

  std::size_t used() const { return used_; }

 private:
  std::byte* base_;
  std::size_t used_ = 0;
};

}  // namespace rondo
