/// Memory with a protected page behind it: an access beyond the memory ends the program. AddressSanitizer watches the
/// bytes before the memory, and the bytes between the memory and the page.
#pragma once

#include <cstddef>

namespace rondo::test::simt {

class GuardedMemory {
 public:
  static constexpr std::size_t kAlignment = 16;

  /// Allocates `bytes` bytes, aligned to kAlignment; nothing for 0. The guard begins at the next multiple of
  /// kAlignment.
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
