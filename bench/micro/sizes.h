/// Calls for kernels whose sizes are template arguments.
#pragma once

namespace rondo::bench {

/// Calls `function.template operator()<size>()` for each size.
template <unsigned... kSizes, typename Function>
void for_sizes(const Function& function) {
  (function.template operator()<kSizes>(), ...);
}

}  // namespace rondo::bench
