/// The backend's own metrics, on the server's page of metrics.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <string>

#include "abi.h"
#include "runner.h"

namespace rondo::triton {

/// What a batch cost beside the calls of the network.
struct BatchCost {
  std::int64_t refused = 0;                         ///< requests answered with an error
  std::chrono::nanoseconds backend_processor = {};  ///< of the instance's thread: inputs, sequences, outputs
  std::chrono::nanoseconds sending = {};            ///< the time that the server took to send the answers
};

/// The metrics of one instance, with its model, version and name as labels.
class InstanceMetrics {
 public:
  InstanceMetrics(const std::string& model, std::uint64_t version, const std::string& instance);
  ~InstanceMetrics();
  InstanceMetrics(const InstanceMetrics&) = delete;
  InstanceMetrics& operator=(const InstanceMetrics&) = delete;

  /// Adds what a batch did. `sequences` of the tally is the present number, all else is of this batch.
  void add(const Tally& batch, const BatchCost& cost);

 private:
  static constexpr std::size_t kCount = 11;
  std::array<abi::Metric*, kCount> metrics_ = {};
};

}  // namespace rondo::triton
