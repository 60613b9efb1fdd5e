/// Memory with a page behind it that nobody may touch: whoever reads or writes beyond it ends the program. What is
/// before it AddressSanitizer watches.
#pragma once

#include <cstddef>

namespace rondo::test::simt {

class GuardedMemory {
 public:
  static constexpr std::size_t kAlignment = 16;

  /// `bytes` bytes, aligned to kAlignment; the guard begins at the next multiple of it. None for 0.
  explicit GuardedMemory(std::size_t bytes = 0);
  ~GuardedMemory();
  GuardedMemory(GuardedMemory&& other) noexcept;
  GuardedMemory& operator=(GuardedMemory&& other) noexcept;

  std::byte* data() const { return data_; }

 private:
  void* mapping_ = nullptr;
  std::size_t mapped_bytes_ = 0;
  std::byte* data_ = nullptr;
};

}  // namespace rondo::test::simt
