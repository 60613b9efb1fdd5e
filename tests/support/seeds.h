/// The seeds of property tests: RONDO_TEST_SEED, by default the clock, and RONDO_TEST_SPECS, by default 2000 seeds.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

namespace rondo::test {

inline std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

/// Calls `check(seed)` with a seed for each random case of the run, until one fails. The failure names its seed, which
/// repeats that case alone.
template <typename Check>
void for_each_seed(Check&& check) {
  const auto now = static_cast<std::uint64_t>(std::chrono::system_clock::now().time_since_epoch().count());
  const std::uint64_t first = from_environment("RONDO_TEST_SEED", now);
  const std::uint64_t count = from_environment("RONDO_TEST_SPECS", 2000);
  std::printf("RONDO_TEST_SEED=%llu RONDO_TEST_SPECS=%llu\n", static_cast<unsigned long long>(first),
              static_cast<unsigned long long>(count));
  for (std::uint64_t k = 0; k < count && !::testing::Test::HasFailure(); ++k) {
    SCOPED_TRACE("RONDO_TEST_SEED=" + std::to_string(first + k) + " RONDO_TEST_SPECS=1");
    check(first + k);
  }
}

}  // namespace rondo::test
