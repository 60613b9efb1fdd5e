#include "device/simt/device/page_locked.h"

#include <cstring>
#include <functional>
#include <map>
#include <mutex>
#include <new>

namespace rondo::test::simt {
namespace {

constexpr std::align_val_t kAlignment{256};

struct Blocks {
  std::mutex mutex;
  std::map<const std::byte*, std::size_t, std::less<>> bytes;  // by address
};

// Never destroyed, because static tensors of a test may outlive other statics.
Blocks& blocks() {
  static Blocks* instance = new Blocks;
  return *instance;
}

}  // namespace

void* allocate_page_locked(std::size_t bytes) {
  void* const pointer = ::operator new(bytes, kAlignment);
  std::memset(pointer, 0xff, bytes);
  const std::lock_guard lock(blocks().mutex);
  blocks().bytes[static_cast<const std::byte*>(pointer)] = bytes;
  return pointer;
}

void free_page_locked(void* pointer) noexcept {
  {
    const std::lock_guard lock(blocks().mutex);
    blocks().bytes.erase(static_cast<const std::byte*>(pointer));
  }
  ::operator delete(pointer, kAlignment);
}

bool in_page_locked(const void* pointer) {
  const auto* address = static_cast<const std::byte*>(pointer);
  const std::lock_guard lock(blocks().mutex);
  const auto next = blocks().bytes.upper_bound(address);
  if (next == blocks().bytes.begin()) return false;
  const auto& [begin, bytes] = *std::prev(next);
  return address < begin + bytes;
}

}  // namespace rondo::test::simt
