/// Page-locked memory of the host, as the simulated device knows it: it copies from there when the work runs.
#pragma once

#include <cstddef>

namespace rondo::test::simt {

/// All functions may be called from several threads.

/// Allocates memory aligned to 256 bytes, filled with ones, which are NaN in a float of any size.
void* allocate_page_locked(std::size_t bytes);
void free_page_locked(void* pointer) noexcept;

/// Whether `pointer` lies in such memory.
bool in_page_locked(const void* pointer);

}  // namespace rondo::test::simt
