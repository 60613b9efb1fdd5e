/// Loops over time that are recorded in a CUDA graph once and replayed with other inputs.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "cuda/runtime/runtime.h"
#include "rondo/keras/rnn.h"
#include "rondo/tensor/stream.h"
#include "tensor/recording_allocator.h"

namespace rondo {

/// Everything that changes from call to call.
struct LoopArguments {
  Nest inputs;
  States states;
  Constants constants;
  Tensor live;  ///< (T, B) booleans by input time; undefined: every row is always live
};

/// The recorded loops of one step function, by the shapes of what they were called with.
struct StepGraphs::Impl {
  using Loop = std::function<RnnResult(const LoopArguments&)>;

  /// What `loop` returns for `arguments`; calls it when such arguments come for the first time, and records it.
  /// `options` is a text that tells apart what is not in the arguments. May be called from several threads.
  RnnResult run(const LoopArguments& arguments, const std::string& options, const Loop& loop);

 private:
  /// Members are destroyed from the last to the first: the memory outlives all that lies in it.
  struct Recorded {
    Recorded(const LoopArguments& like, const Loop& loop, Device device);

    void set(const LoopArguments& arguments) const;

    Stream home;  ///< where its memory comes from, and goes
    std::shared_ptr<RecordingAllocator> memory;
    LoopArguments arguments;  ///< in its own memory: what the graph reads
    RnnResult result;         ///< what the graph writes
    cuda_runtime::Graph graph;
  };

  std::mutex mutex_;
  std::map<std::string, std::unique_ptr<Recorded>> recorded_;
};

}  // namespace rondo
