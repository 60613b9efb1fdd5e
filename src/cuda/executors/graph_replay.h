/// Runs that are replayed from CUDA graphs where they repeat. Floor 4.
#pragma once

#include <deque>
#include <functional>
#include <optional>

#include "cuda/runtime/runtime.h"
#include "recurrence/executor.h"

namespace rondo {

/// Calls the work of a runner, and records it when the same buffers come a second time: from then on one call replays
/// it. A recorded run holds addresses, not data: what is in mask, lengths and x when it runs is what counts.
class GraphReplay {
 public:
  explicit GraphReplay(const RunnerRequest& request);

  /// `work` queues the run for `buffers` and `workspace` on the stream it is given, and does nothing else.
  void run(const RecurrenceBuffers& buffers, void* workspace, const std::function<void(Stream)>& work);

 private:
  struct Recording {
    RecurrenceBuffers buffers;
    void* workspace = nullptr;
    cuda_runtime::Graph graph;  ///< not recorded: these buffers were seen once
  };

  /// Whether these were seen before.
  bool bring_to_front(const RecurrenceBuffers& buffers, void* workspace);

  const Stream stream_;
  const GraphUse graph_use_;
  std::optional<cuda_runtime::OwnedStream> recording_stream_;  ///< made for the first recording: it takes long
  std::deque<Recording> recordings_;                           ///< the one used last in front
};

}  // namespace rondo
