/// The backend's own metrics, on the server's page of metrics.
#pragma once

#include <array>
#include <string>

#include "abi.h"
#include "runner.h"

namespace rondo::triton {

/// The metrics of one instance, with its model, version and name as labels.
class InstanceMetrics {
 public:
  InstanceMetrics(const std::string& model, std::uint64_t version, const std::string& instance);
  ~InstanceMetrics();
  InstanceMetrics(const InstanceMetrics&) = delete;
  InstanceMetrics& operator=(const InstanceMetrics&) = delete;

  /// Adds what a batch did. `sequences` of the tally is the present number, all else is of this batch.
  void add(const Tally& batch, std::int64_t refused, double backend_seconds);

 private:
  static constexpr std::size_t kCount = 10;
  std::array<abi::Metric*, kCount> metrics_ = {};
};

}  // namespace rondo::triton
