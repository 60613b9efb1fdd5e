#pragma once

#include <chrono>
#include <cstdint>

/// The seconds that `runs` calls of `run` take.
template <typename Run>
double seconds_of(std::int64_t runs, Run&& run) {
  const auto start = std::chrono::steady_clock::now();
  for (std::int64_t k = 0; k < runs; ++k) run();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}
