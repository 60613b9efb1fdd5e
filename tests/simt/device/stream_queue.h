/// Streams of the simulated device: work waits until someone synchronises, so that a host that reads too early, or
/// frees too early, is found out.
#pragma once

#include <functional>
#include <vector>

#include "rondo/device.h"

namespace rondo::test::simt {

using Work = std::function<void()>;

/// Queues work that runs on the device: it may touch device memory. Where `stream` is being recorded, records it; where
/// it is a CPU's, runs it at once. What it throws, `run_queued_work` does.
void submit(Stream stream, Work work);

/// Runs all that was queued, on any stream, in the order in which it was. That is one of the orders CUDA may choose.
void run_queued_work();

Stream make_stream(Device device);
void destroy_stream(Stream stream);

bool is_recording(Stream stream);
void begin_recording(Stream stream);
std::vector<Work> end_recording(Stream stream);

}  // namespace rondo::test::simt
