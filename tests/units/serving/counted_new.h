/// Counts every `new` of a program that links counted_new.cpp.
#pragma once

#include <cstdint>

namespace rondo::test {

std::int64_t allocations();

}  // namespace rondo::test
