/// The replayed runs of an executor.
#pragma once

#include <functional>

#include "cuda/runtime/replayed_runs.h"
#include "recurrence/executor.h"

namespace rondo {

/// The replayed runs of one runner.
class GraphReplay {
 public:
  explicit GraphReplay(const RunnerRequest& request) : runs_(request.stream, request.graph_use) {}

  /// `work` queues the run for `buffers` and `workspace` on the stream it is given, and does nothing else.
  void run(const RecurrenceBuffers& buffers, void* workspace, const std::function<void(Stream)>& work) {
    runs_.run({buffers, workspace}, work);
  }

 private:
  struct RunBuffers {
    RecurrenceBuffers buffers;
    void* workspace = nullptr;

    bool operator==(const RunBuffers&) const = default;
  };

  ReplayedRuns<RunBuffers> runs_;
};

}  // namespace rondo
