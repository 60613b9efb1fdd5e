/// Counts what the library itself allocates: the backend replaces `operator new` for its own code alone.
#pragma once

#include <cstdint>

namespace rondo::triton {

/// Allocations of the calling thread by code of this library since the thread began.
std::int64_t allocations_of_thread();

}  // namespace rondo::triton
