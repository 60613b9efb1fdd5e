#include "cpu/fused/pack_memory.h"

#include <cstdint>
#include <cstring>

#include "tensor/huge_pages.h"

namespace rondo::fused {

Tensor allocate_pack(std::size_t bytes, Device device) {
  const auto padded = static_cast<std::int64_t>(bytes < kHugePage ? bytes : bytes + kHugePage);
  const Tensor memory = Tensor::empty({padded}, DType::u8, device);
  std::byte* const begin = first_byte_of_pack(memory, bytes);
  // A core then translates the addresses of megabytes of weights, which it reads in every step, without walking through
  // page tables.
  ask_for_huge_pages(begin, bytes);
  std::memset(begin, 0, bytes);
  return memory;
}

std::byte* first_byte_of_pack(const Tensor& memory, std::size_t bytes) {
  auto* const begin = static_cast<std::byte*>(memory.data());
  if (bytes < kHugePage) return begin;
  const auto address = reinterpret_cast<std::uintptr_t>(begin);
  return reinterpret_cast<std::byte*>((address + kHugePage - 1) / kHugePage * kHugePage);
}

}  // namespace rondo::fused
