/// Loops over time that are recorded in a CUDA graph once, and replayed with other inputs.
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

/// The arguments of a loop that change from call to call.
struct LoopArguments {
  Nest inputs;
  States states;
  Constants constants;
  Tensor live;         ///< (T, B) booleans by input time; undefined: every row is always live
  Tensor resets;       ///< (T, B) booleans by input time; undefined: none
  States reset_state;  ///< broadcasts to `states`; empty without resets
};

/// The recorded loops of one step function, by the options, structure, shapes and dtypes of their arguments.
struct StepGraphs::Impl {
  using Loop = std::function<RnnResult(const LoopArguments&)>;

  /// Returns the result of `loop` for `arguments`. Calls and records `loop` for the first arguments of their kind, and
  /// replays the graph for later ones. `options` is a text that identifies the loop's options. Several threads may call
  /// it.
  RnnResult run(const LoopArguments& arguments, const std::string& options, const Loop& loop);

 private:
  /// A recorded loop. Members are destroyed from the last to the first, so the memory outlives the tensors in it.
  struct Recorded {
    Recorded(const LoopArguments& like, const Loop& loop, Device device);

    void set(const LoopArguments& arguments) const;

    Stream home;  ///< the stream that allocates and frees the memory
    std::shared_ptr<RecordingAllocator> memory;
    LoopArguments arguments;  ///< the tensors that the graph reads, in `memory`
    RnnResult result;         ///< the tensors that the graph writes
    cuda_runtime::Graph graph;
  };

  std::mutex mutex_;
  std::map<std::string, std::unique_ptr<Recorded>> recorded_;
};

/// The library's own access to what StepGraphs holds.
class RecordedLoops {
 public:
  /// StepGraphs::Impl::run.
  static RnnResult run(StepGraphs& graphs, const LoopArguments& arguments, const std::string& options,
                       const std::function<RnnResult(const LoopArguments&)>& loop) {
    return graphs.impl_->run(arguments, options, loop);
  }
};

}  // namespace rondo
