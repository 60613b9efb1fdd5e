#include "device/simt/guarded_memory.h"

#include <sys/mman.h>
#include <unistd.h>

#include <new>
#include <utility>

// Functions of AddressSanitizer, null in a program without it.
extern "C" {
__attribute__((weak)) void __asan_poison_memory_region(const volatile void* address, std::size_t size);
__attribute__((weak)) void __asan_unpoison_memory_region(const volatile void* address, std::size_t size);
}

namespace rondo::test::simt {
namespace {

std::size_t rounded_up(std::size_t bytes, std::size_t unit) { return (bytes + unit - 1) / unit * unit; }

}  // namespace

GuardedMemory::GuardedMemory(std::size_t bytes) {
  if (bytes == 0) return;
  const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  const std::size_t usable = rounded_up(bytes, page);
  mapped_bytes_ = usable + page;
  mapping_ = mmap(nullptr, mapped_bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapping_ == MAP_FAILED) throw std::bad_alloc();
  auto* guard = static_cast<std::byte*>(mapping_) + usable;
  if (mprotect(guard, page, PROT_NONE) != 0) {
    (void)munmap(mapping_, mapped_bytes_);
    throw std::bad_alloc();
  }
  data_ = guard - rounded_up(bytes, kAlignment);
  if (__asan_poison_memory_region != nullptr) {
    __asan_poison_memory_region(mapping_, static_cast<std::size_t>(data_ - static_cast<std::byte*>(mapping_)));
    __asan_poison_memory_region(data_ + bytes, static_cast<std::size_t>(guard - data_) - bytes);
  }
}

GuardedMemory::~GuardedMemory() {
  if (mapping_ == nullptr) return;
  if (__asan_unpoison_memory_region != nullptr) __asan_unpoison_memory_region(mapping_, mapped_bytes_);
  (void)munmap(mapping_, mapped_bytes_);
}

GuardedMemory::GuardedMemory(GuardedMemory&& other) noexcept
    : mapping_(std::exchange(other.mapping_, nullptr)),
      mapped_bytes_(other.mapped_bytes_),
      data_(std::exchange(other.data_, nullptr)) {}

GuardedMemory& GuardedMemory::operator=(GuardedMemory&& other) noexcept {
  std::swap(mapping_, other.mapping_);
  std::swap(mapped_bytes_, other.mapped_bytes_);
  std::swap(data_, other.data_);
  return *this;
}

}  // namespace rondo::test::simt
