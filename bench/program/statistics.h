/// Statistics of repeated measurements.
#pragma once

#include <vector>

namespace rondo::bench {

struct Spread {
  double median = 0.0;
  double p10 = 0.0;
  double p90 = 0.0;
  double least = 0.0;
};

/// The value below which `share` of `sorted` lies, interpolated between neighbours.
double quantile(const std::vector<double>& sorted, double share);

/// The spread of one value or more, in any order.
Spread spread_of(std::vector<double> values);

}  // namespace rondo::bench
