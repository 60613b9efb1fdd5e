#include "device/simt/device/device_memory.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <mutex>
#include <stdexcept>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(address, size) ((void)(address), (void)(size))
#define ASAN_UNPOISON_MEMORY_REGION(address, size) ((void)(address), (void)(size))
#endif

namespace rondo::test::simt {
namespace {

constexpr std::size_t kCapacity = std::size_t{2} << 30;  // reserved addresses; pages are backed when they are touched
constexpr std::size_t kAlignment = 256;
constexpr std::size_t kPage = 4096;

std::size_t round_up(std::size_t value, std::size_t multiple) { return (value + multiple - 1) / multiple * multiple; }

class Arena {
 public:
  Arena() {
    void* memory = mmap(nullptr, kCapacity, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) throw std::runtime_error("no addresses for the simulated device");
    begin_ = static_cast<std::byte*>(memory);
    ASAN_POISON_MEMORY_REGION(begin_, kCapacity);
    gaps_[0] = kCapacity;
  }

  void* allocate(std::size_t bytes) {
    const std::lock_guard lock(mutex_);
    const std::size_t size = round_up(bytes + 1, kAlignment);  // at least one byte lies between neighbours
    if (bytes > kCapacity) return nullptr;
    for (auto gap = gaps_.begin(); gap != gaps_.end(); ++gap) {
      if (gap->second < size) continue;
      const auto [offset, available] = *gap;
      gaps_.erase(gap);
      if (available > size) gaps_[offset + size] = available - size;
      blocks_[offset] = size;
      used_ += size;
      std::byte* pointer = begin_ + offset;
      ASAN_UNPOISON_MEMORY_REGION(pointer, bytes);
      if (open_count_ > 0) open_up_to_end();
      return pointer;
    }
    return nullptr;
  }

  void free(void* pointer) {
    const std::lock_guard lock(mutex_);
    std::size_t offset = offset_of(pointer);
    const auto block = blocks_.find(offset);
    if (block == blocks_.end()) throw std::logic_error("memory of the simulated device is freed twice");
    std::size_t size = block->second;
    ASAN_POISON_MEMORY_REGION(begin_ + offset, size);
    used_ -= size;
    blocks_.erase(block);
    const auto after = gaps_.lower_bound(offset);
    if (after != gaps_.end() && after->first == offset + size) size += gaps_.extract(after).mapped();
    const auto next = gaps_.lower_bound(offset);
    if (next != gaps_.begin()) {
      const auto before = std::prev(next);
      if (before->first + before->second == offset) {
        before->second += size;
        return;
      }
    }
    gaps_[offset] = size;
  }

  bool holds(const void* pointer) {
    const std::lock_guard lock(mutex_);
    const std::byte* address = static_cast<const std::byte*>(pointer);
    if (address < begin_ || address >= begin_ + kCapacity) return false;
    const std::size_t offset = offset_of(pointer);
    const auto next = blocks_.upper_bound(offset);
    return next != blocks_.begin() && offset < std::prev(next)->first + std::prev(next)->second;
  }

  std::size_t free_bytes() {
    const std::lock_guard lock(mutex_);
    return kCapacity - used_;
  }

  void open() {
    const std::lock_guard lock(mutex_);
    if (open_count_++ == 0) open_up_to_end();
  }

  void close() {
    const std::lock_guard lock(mutex_);
    if (--open_count_ > 0) return;
    protect(opened_, PROT_NONE);
    opened_ = 0;
  }

 private:
  std::size_t offset_of(const void* pointer) const {
    return static_cast<std::size_t>(static_cast<const std::byte*>(pointer) - begin_);
  }

  // Opens memory up to the end of the last block, because the time grows with the number of pages.
  void open_up_to_end() {
    if (blocks_.empty()) return;
    const auto& [offset, size] = *blocks_.rbegin();
    opened_ = std::max(opened_, round_up(offset + size, kPage));
    protect(opened_, PROT_READ | PROT_WRITE);
  }

  void protect(std::size_t bytes, int how) {
    if (bytes > 0 && mprotect(begin_, bytes, how) != 0) throw std::runtime_error("mprotect failed");
  }

  std::mutex mutex_;
  std::byte* begin_ = nullptr;
  std::map<std::size_t, std::size_t> gaps_;    // offset -> size of free memory
  std::map<std::size_t, std::size_t> blocks_;  // offset -> size of an allocation
  std::size_t used_ = 0;
  std::size_t opened_ = 0;  // the first opened_ bytes may be touched now
  int open_count_ = 0;
};

// The arena is never destroyed, because static tensors of a test may outlive other statics.
Arena& arena() {
  static Arena* instance = new Arena;
  return *instance;
}

}  // namespace

void* allocate_device_memory(std::size_t bytes) { return arena().allocate(bytes); }
void free_device_memory(void* pointer) { arena().free(pointer); }
bool in_device_memory(const void* pointer) { return arena().holds(pointer); }
std::size_t device_memory_bytes() { return kCapacity; }
std::size_t free_device_bytes() { return arena().free_bytes(); }

DeviceMemoryAccess::DeviceMemoryAccess() { arena().open(); }
DeviceMemoryAccess::~DeviceMemoryAccess() { arena().close(); }

}  // namespace rondo::test::simt
