/// One instance of a model in the server: it answers the batches that the server forms.
#pragma once

#include <memory>
#include <vector>

#include "abi.h"
#include "metrics.h"
#include "runner.h"

namespace rondo::triton {

class ModelInstance {
 public:
  /// Throws `ValueError` naming what of the configuration cannot be, or the device that is not there.
  ModelInstance(abi::Instance* instance, const ServedModel& model, std::uint64_t version);

  /// Answers and releases all requests.
  void execute(std::span<abi::Request* const> requests);

 private:
  struct Times;
  void run(Tally& tally);
  void answer(Tally& tally, Times& times);
  void report(const Tally& tally, const Times& times);

  abi::Instance* instance_;
  ModelConfig config_;
  std::unique_ptr<Runner> runner_;
  InstanceMetrics metrics_;
  std::vector<Request> requests_ = {};
};

}  // namespace rondo::triton
