/// Large pages for large memory.
#pragma once

#include <cstddef>

namespace rondo {

inline constexpr std::size_t kHugePage = std::size_t{2} << 20;

/// Asks the system for huge pages wherever the memory fills one, before anybody has written there: a first write then
/// brings megabytes at a time, and fewer addresses have to be translated. After a refusal pages stay small.
void ask_for_huge_pages(void* memory, std::size_t bytes);

}  // namespace rondo
