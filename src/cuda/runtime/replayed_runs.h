/// Runs that are replayed from CUDA graphs where they repeat.
#pragma once

#include <algorithm>
#include <deque>
#include <functional>
#include <optional>

#include "cuda/runtime/runtime.h"

namespace rondo {

/// Calls the work of a run, and records it when the same buffers come a second time: from then on one call replays it.
/// A recorded run holds addresses, not data: what is in mask, lengths and x when it runs is what counts. `Buffers` is
/// whatever tells the addresses of one run from another's, by ==.
template <typename Buffers>
class ReplayedRuns {
 public:
  ReplayedRuns(Stream stream, GraphUse graph_use) : stream_(stream), graph_use_(graph_use) {}

  /// `work` queues the run for `buffers` on the stream it is given, and does nothing else.
  void run(const Buffers& buffers, const std::function<void(Stream)>& work) {
    if (graph_use_ == GraphUse::never || cuda_runtime::is_recording(stream_)) return work(stream_);
    if (!bring_to_front(buffers)) {
      if (recordings_.size() == kRecordings) recordings_.pop_back();
      recordings_.push_front({buffers, {}});
      return work(stream_);
    }
    cuda_runtime::Graph& graph = recordings_.front().graph;
    if (!graph.recorded()) {
      if (!recording_stream_) recording_stream_.emplace(stream_.device);  // a default stream cannot be recorded
      const Stream recorded = recording_stream_->get();
      graph = cuda_runtime::Graph::record(recorded, [&] { work(recorded); });
    }
    graph.replay(stream_);
  }

  /// What was recorded is not replayed any more.
  void forget() { recordings_.clear(); }

 private:
  // So many sets of tensors may take turns; of more, those that were not used longest are recorded anew.
  static constexpr std::size_t kRecordings = 8;

  struct Recording {
    Buffers buffers;
    cuda_runtime::Graph graph;  ///< not recorded: these buffers were seen once
  };

  /// Whether these were seen before.
  bool bring_to_front(const Buffers& buffers) {
    const auto found =
        std::ranges::find_if(recordings_, [&](const Recording& recording) { return recording.buffers == buffers; });
    if (found == recordings_.end()) return false;
    std::rotate(recordings_.begin(), found, found + 1);
    return true;
  }

  const Stream stream_;
  const GraphUse graph_use_;
  std::optional<cuda_runtime::OwnedStream> recording_stream_;  ///< made for the first recording: it takes long
  std::deque<Recording> recordings_;                           ///< the one used last in front
};

}  // namespace rondo
