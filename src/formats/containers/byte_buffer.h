/// Bytes that a reader fills.
#pragma once

#include <cstddef>
#include <memory>

#include "tensor/huge_pages.h"

namespace rondo {

/// A number of bytes without values: a vector would write zeros first.
class ByteBuffer {
 public:
  explicit ByteBuffer(std::size_t size) : bytes_(std::make_unique_for_overwrite<std::byte[]>(size)), size_(size) {
    ask_for_huge_pages(bytes_.get(), size);
  }

  std::byte* data() { return bytes_.get(); }
  const std::byte* data() const { return bytes_.get(); }
  std::size_t size() const { return size_; }
  // With these it is a range, of which a std::span can be made.
  std::byte* begin() { return data(); }
  const std::byte* begin() const { return data(); }
  std::byte* end() { return data() + size_; }
  const std::byte* end() const { return data() + size_; }

 private:
  std::unique_ptr<std::byte[]> bytes_;
  std::size_t size_;
};

}  // namespace rondo
