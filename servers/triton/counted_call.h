/// Calls of a network, counted.
#pragma once

#include <chrono>

#include "allocations.h"
#include "processor_time.h"
#include "runner.h"

namespace rondo::triton {

/// Calls `function()` as one call of the network: counts it, its times and its allocations.
template <typename Function>
void counted_call(Tally& tally, const Function& function) {
  const std::int64_t allocations = allocations_of_thread();
  const auto begin = std::chrono::steady_clock::now();
  const auto processor_begin = thread_processor_time();
  function();
  tally.processor_in_calls += thread_processor_time() - processor_begin;
  tally.in_calls += std::chrono::steady_clock::now() - begin;
  tally.allocations += allocations_of_thread() - allocations;
  ++tally.calls;
}

}  // namespace rondo::triton
