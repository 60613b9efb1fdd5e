#include "cuda/executors/graph_replay.h"

#include <algorithm>

namespace rondo {
namespace {

// So many sets of tensors may take turns; of more, those that were not used longest are recorded anew.
constexpr std::size_t kRecordings = 8;

}  // namespace

GraphReplay::GraphReplay(const RunnerRequest& request) : stream_(request.stream), graph_use_(request.graph_use) {}

void GraphReplay::run(const RecurrenceBuffers& buffers, void* workspace, const std::function<void(Stream)>& work) {
  if (graph_use_ == GraphUse::never || cuda_runtime::is_recording(stream_)) return work(stream_);
  if (!bring_to_front(buffers, workspace)) {
    if (recordings_.size() == kRecordings) recordings_.pop_back();
    recordings_.push_front({buffers, workspace, {}});
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

bool GraphReplay::bring_to_front(const RecurrenceBuffers& buffers, void* workspace) {
  const auto found = std::ranges::find_if(recordings_, [&](const Recording& recording) {
    return recording.workspace == workspace && recording.buffers == buffers;
  });
  if (found == recordings_.end()) return false;
  std::rotate(recordings_.begin(), found, found + 1);
  return true;
}

}  // namespace rondo
