/// Memory for a kernel, exactly as large as the kernel should need, so that AddressSanitizer sees accesses beyond it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <span>

#include "rondo/tensor/allocator.h"

namespace rondo::test {

/// `count` elements, every byte 0xff (NaN in a float of any size), aligned as an allocator's.
template <typename Element>
class HeapBlock {
 public:
  explicit HeapBlock(std::int64_t count)
      : count_(static_cast<std::size_t>(count)),
        data_(static_cast<Element*>(::operator new (bytes(), std::align_val_t{Allocator::kAlignment}))) {
    std::memset(static_cast<void*>(data_), 0xff, bytes());
  }
  ~HeapBlock() { ::operator delete (data_, std::align_val_t{Allocator::kAlignment}); }
  HeapBlock(const HeapBlock&) = delete;
  HeapBlock& operator=(const HeapBlock&) = delete;

  Element* data() const { return data_; }
  std::span<Element> elements() const { return {data_, count_}; }
  Element& operator[](std::int64_t index) const { return elements()[static_cast<std::size_t>(index)]; }
  std::size_t bytes() const { return count_ * sizeof(Element); }

 private:
  std::size_t count_;
  Element* data_;
};

}  // namespace rondo::test
