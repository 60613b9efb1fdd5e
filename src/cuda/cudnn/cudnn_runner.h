/// The runs of cuDNN's executors: a recurrence is one direction of one layer. CudnnRnn can also run stacks, both
/// directions and projections, for benchmarks that measure them.
#pragma once

#include <memory>

#include "cuda/cudnn/cudnn_rnn.h"
#include "recurrence/executor.h"

namespace rondo {

std::unique_ptr<Runner> make_cudnn_runner(CudnnAlgorithm algorithm, const RunnerRequest& request);

/// The network of a request, which packs its weights again when they have changed.
class CudnnNetwork {
 public:
  /// Packs the weights, in the order of the request's stream.
  CudnnNetwork(const CudnnConfig& config, const RunnerRequest& request);

  /// Before each run: packs weights that have been reloaded since.
  void load_changed_weights();
  CudnnRnn& rnn() { return rnn_; }

 private:
  // cuDNN alone knows the form of its weights, so each runner has its own.
  const RunnerRequest request_;
  CudnnRnn rnn_;
  std::uint64_t packed_version_;
};

}  // namespace rondo
