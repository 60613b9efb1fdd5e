#include "metrics.h"

#include <memory>
#include <vector>

#include "call.h"

namespace rondo::triton {
namespace {

/// What a metric shows of a batch.
struct Shown {
  const char* name;
  const char* description;
  abi::MetricKind kind = abi::MetricKind::counter;
};

constexpr std::array kShown = {
    Shown{"rondo_sequences", "Sequences that have a state", abi::MetricKind::gauge},
    Shown{"rondo_calls_total", "Calls of the network"},
    Shown{"rondo_rows_total", "Rows of all calls: chunks of sequences, or whole inputs"},
    Shown{"rondo_steps_total", "Time steps of all rows"},
    Shown{"rondo_refused_total", "Requests answered with an error"},
    Shown{"rondo_evicted_for_room_total", "Sequences that lost their state because another one needed room"},
    Shown{"rondo_evicted_as_idle_total", "Sequences that lost their state because they were idle"},
    Shown{"rondo_allocations_total", "Allocations of Rondo within calls of the network"},
    Shown{"rondo_call_seconds_total", "Time of the calls of the network"},
    Shown{"rondo_backend_processor_seconds_total",
          "Processor time of the backend outside of these calls and of sending"},
    Shown{"rondo_send_seconds_total", "Time that the server takes to send the answers"},
};

double seconds(std::chrono::nanoseconds time) { return std::chrono::duration<double>(time).count(); }

/// The families of the process, which all instances share, and which the server wants to exist once.
const std::array<abi::MetricFamily*, kShown.size()>& families() {
  static const auto made = [] {
    std::array<abi::MetricFamily*, kShown.size()> all = {};
    for (std::size_t k = 0; k < kShown.size(); ++k)
      check(abi::TRITONSERVER_MetricFamilyNew(&all[k], kShown[k].kind, kShown[k].name, kShown[k].description));
    return all;
  }();
  return made;
}

}  // namespace

InstanceMetrics::InstanceMetrics(const std::string& model, std::uint64_t version, const std::string& instance) {
  static_assert(kShown.size() == kCount);
  const std::string number = std::to_string(version);
  std::vector<std::unique_ptr<abi::Parameter, void (*)(abi::Parameter*)>> labels;
  std::vector<const abi::Parameter*> pointers;
  for (const auto& [name, value] : {std::pair{"model", &model}, {"version", &number}, {"instance", &instance}}) {
    labels.emplace_back(abi::TRITONSERVER_ParameterNew(name, abi::ParameterType::string, value->c_str()),
                        abi::TRITONSERVER_ParameterDelete);
    pointers.push_back(labels.back().get());
  }
  for (std::size_t k = 0; k < kCount; ++k)
    check(abi::TRITONSERVER_MetricNew(&metrics_[k], families()[k], pointers.data(), pointers.size()));
}

InstanceMetrics::~InstanceMetrics() {
  for (abi::Metric* const metric : metrics_) {
    if (metric != nullptr) note(abi::TRITONSERVER_MetricDelete(metric));
  }
}

void InstanceMetrics::add(const Tally& batch, const BatchCost& cost) {
  const std::array<double, kCount> values = {static_cast<double>(batch.sequences),
                                             static_cast<double>(batch.calls),
                                             static_cast<double>(batch.rows),
                                             static_cast<double>(batch.steps),
                                             static_cast<double>(cost.refused),
                                             static_cast<double>(batch.evicted_for_room),
                                             static_cast<double>(batch.evicted_as_idle),
                                             static_cast<double>(batch.allocations),
                                             seconds(batch.in_calls),
                                             seconds(cost.backend_processor),
                                             seconds(cost.sending)};
  for (std::size_t k = 0; k < kCount; ++k) {
    if (kShown[k].kind == abi::MetricKind::gauge) {
      note(abi::TRITONSERVER_MetricSet(metrics_[k], values[k]));
    } else if (values[k] > 0) {
      note(abi::TRITONSERVER_MetricIncrement(metrics_[k], values[k]));
    }
  }
}

}  // namespace rondo::triton
