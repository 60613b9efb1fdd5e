// cuda/runtime/runtime.h on CUDA: streams, events and graphs.

#include <cuda_runtime_api.h>

#include "cuda/runtime/calls.h"
#include "cuda/runtime/check.h"
#include "cuda/runtime/runtime.h"
#include "rondo/vocabulary/error.h"

namespace rondo::cuda_runtime {
namespace {

cudaStream_t native(Stream stream) { return static_cast<cudaStream_t>(stream.native); }
cudaEvent_t event_of(void* handle) { return static_cast<cudaEvent_t>(handle); }
cudaGraphExec_t graph_of(void* handle) { return static_cast<cudaGraphExec_t>(handle); }

// A recorded graph until it is made executable.
class RecordedGraph {
 public:
  RecordedGraph() = default;
  ~RecordedGraph() {
    if (graph_ != nullptr) (void)cudaGraphDestroy(graph_);
  }
  RecordedGraph(const RecordedGraph&) = delete;
  RecordedGraph& operator=(const RecordedGraph&) = delete;

  cudaGraph_t* target() { return &graph_; }
  cudaGraph_t get() const { return graph_; }

 private:
  cudaGraph_t graph_ = nullptr;
};

}  // namespace

void make_wait(Stream waiting, Stream awaited) {
  Event event(awaited.device);
  event.record(awaited);
  event.make_wait(waiting);
}

bool is_recording(Stream stream) {
  if (stream.device == cpu()) return false;
  cudaStreamCaptureStatus status = cudaStreamCaptureStatusNone;
  check(cudaStreamIsCapturing(native(stream), &status), "asking whether a stream is recorded");
  return status != cudaStreamCaptureStatusNone;
}

OwnedStream::OwnedStream(Device device) : stream_{device} {
  const CurrentDevice scope(device);
  cudaStream_t stream = nullptr;
  check(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking), "making a stream");
  stream_.native = stream;
}

OwnedStream::~OwnedStream() { (void)cudaStreamDestroy(native(stream_)); }

Event::Event(Device device) {
  const CurrentDevice scope(device);
  cudaEvent_t event = nullptr;
  check(cudaEventCreate(&event), "making an event");
  handle_ = event;
}

Event::~Event() { (void)cudaEventDestroy(event_of(handle_)); }

void Event::record(Stream stream) {
  const CurrentDevice scope(stream.device);
  check(cudaEventRecord(event_of(handle_), native(stream)), "recording an event");
}

void Event::make_wait(Stream stream) const {
  const CurrentDevice scope(stream.device);
  check(cudaStreamWaitEvent(native(stream), event_of(handle_), 0), "making a stream wait");
}

void Event::synchronize() {
  announce(Call::synchronize);
  check(cudaEventSynchronize(event_of(handle_)), "waiting for an event");
}

double Event::milliseconds_since(const Event& earlier) const {
  float milliseconds = 0;
  check(cudaEventElapsedTime(&milliseconds, event_of(earlier.handle_), event_of(handle_)), "reading an event's time");
  return milliseconds;
}

Graph::~Graph() {
  if (handle_ != nullptr) (void)cudaGraphExecDestroy(graph_of(handle_));
}

Graph Graph::record(Stream stream, const std::function<void()>& work) {
  announce(Call::record_graph);
  const CurrentDevice scope(stream.device);
  RecordedGraph graph;
  // Relaxed: other threads, and other streams of this one, may go on allocating.
  check(cudaStreamBeginCapture(native(stream), cudaStreamCaptureModeRelaxed), "beginning to record a stream");
  try {
    work();
  } catch (...) {
    (void)cudaStreamEndCapture(native(stream), graph.target());
    (void)cudaGetLastError();
    throw;
  }
  check(cudaStreamEndCapture(native(stream), graph.target()), "ending the recording of a stream");
  Graph result;
  cudaGraphExec_t executable = nullptr;
  check(cudaGraphInstantiate(&executable, graph.get(), 0), "making a recorded graph executable");
  result.handle_ = executable;
  return result;
}

void Graph::replay(Stream stream) const {
  announce(Call::replay_graph);
  const CurrentDevice scope(stream.device);
  check(cudaGraphLaunch(graph_of(handle_), native(stream)), "replaying a graph");
}

}  // namespace rondo::cuda_runtime
