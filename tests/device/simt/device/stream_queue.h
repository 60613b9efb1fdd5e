/// Streams of the simulated device: work waits until someone synchronises, so that a host that reads too early, or
/// frees too early, is found out.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "rondo/vocabulary/device.h"

namespace rondo::test::simt {

using Work = std::function<void()>;

/// Queues work that runs on the device: it may touch device memory. Where `stream` is being recorded, records it; where
/// it is a CPU's, runs it at once. What it throws, `run_queued_work` does.
void submit(Stream stream, Work work);

/// Runs all that was queued, on any stream, in the order in which it was. That is one of the orders CUDA may choose.
void run_queued_work();

/// Runs what was queued on `stream`, and whatever else the device does meanwhile.
void run_queued_work_of(Stream stream);

/// While one lives, streams wait for each other only where they were made to: whose work is next is drawn by lot, in
/// recorded work as well. One at a time.
class StreamsInAnyOrder {
 public:
  explicit StreamsInAnyOrder(std::uint64_t seed);
  ~StreamsInAnyOrder();
  StreamsInAnyOrder(const StreamsInAnyOrder&) = delete;
  StreamsInAnyOrder& operator=(const StreamsInAnyOrder&) = delete;
};

/// All that was queued on a stream until some moment. The default is reached at once.
struct Point {
  std::uint64_t number = 0;
  std::uint64_t recording = 0;  ///< 0: it was not being recorded
};

Point mark(Stream stream);

/// What is queued on `stream` from now on comes after `point`. Where the point was recorded, `stream` is recorded from
/// now on, too. Throws `RuntimeError` for a recorded stream that would wait for what is outside of its recording, and
/// for a recording that has ended.
void wait(Stream stream, Point point);

Stream make_stream(Device device);
void destroy_stream(Stream stream);

/// What was recorded, with the order that its streams keep.
class Recording;

bool is_recording(Stream stream);
void begin_recording(Stream stream);
/// Throws `RuntimeError` where another stream came into the recording and `stream` has not waited for all its work.
std::shared_ptr<const Recording> end_recording(Stream stream);
/// Ends it without a look at what was recorded.
void abandon_recording(Stream stream);
/// Runs it: itself work of the device.
void run_recorded(const Recording& recording);

}  // namespace rondo::test::simt
