/// Streams of the simulated device. Queued work waits for a synchronisation, so that tests find a host that reads or
/// frees memory too early.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "rondo/vocabulary/device.h"

namespace rondo::test::simt {

using Work = std::function<void()>;

/// Queues work of the device, which may touch device memory. Records the work where `stream` is being recorded, and
/// runs it at once for a stream of a CPU. `run_queued_work` throws the exceptions of queued work.
void submit(Stream stream, Work work);

/// Runs all queued work of all streams in the order of queueing, which is one of the orders that CUDA may choose.
void run_queued_work();

/// Runs the queued work of `stream`, and any work that the device runs meanwhile.
void run_queued_work_of(Stream stream);

/// During the life of this object, streams wait for each other only where they were told to: the next stream is drawn
/// at random, also in recorded work. Only one such object may live at a time.
class StreamsInAnyOrder {
 public:
  explicit StreamsInAnyOrder(std::uint64_t seed);
  ~StreamsInAnyOrder();
  StreamsInAnyOrder(const StreamsInAnyOrder&) = delete;
  StreamsInAnyOrder& operator=(const StreamsInAnyOrder&) = delete;
};

/// All work that was queued on a stream until some moment. The default is reached at once.
struct Point {
  std::uint64_t number = 0;
  std::uint64_t recording = 0;  ///< 0: the stream was not being recorded
};

Point mark(Stream stream);

/// Work that is queued on `stream` later runs after `point`. Where the point was recorded, `stream` joins the
/// recording. Throws `RuntimeError` for a recorded stream that would wait for work outside of its recording, and for a
/// recording that has ended.
void wait(Stream stream, Point point);

Stream make_stream(Device device);
void destroy_stream(Stream stream);

/// Recorded work, with the order that its streams keep.
class Recording;

bool is_recording(Stream stream);
void begin_recording(Stream stream);
/// Ends the recording of `stream`. Throws `RuntimeError` where another stream joined the recording and `stream` has not
/// waited for all of that stream's work.
std::shared_ptr<const Recording> end_recording(Stream stream);
/// Ends the recording of `stream` without checks.
void abandon_recording(Stream stream);
/// Runs recorded work. Call this only from work of the device.
void run_recorded(const Recording& recording);

}  // namespace rondo::test::simt
