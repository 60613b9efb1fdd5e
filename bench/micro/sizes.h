/// Kernels whose sizes are known when they are compiled, one after another.
#pragma once

namespace rondo::bench {

/// `function.template operator()<size>()` for each of the sizes.
template <unsigned... kSizes, typename Function>
void for_sizes(const Function& function) {
  (function.template operator()<kSizes>(), ...);
}

}  // namespace rondo::bench
