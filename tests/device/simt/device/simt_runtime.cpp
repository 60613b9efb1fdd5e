// cuda/runtime/runtime.h on a simulated device, which has host memory and runs kernels under the SIMT executor.

#include <algorithm>
#include <chrono>
#include <cstring>
#include <memory>
#include <vector>

#include "cuda/runtime/calls.h"
#include "cuda/runtime/runtime.h"
#include "device/simt/device/device_memory.h"
#include "device/simt/device/page_locked.h"
#include "device/simt/device/stream_queue.h"
#include "rondo/vocabulary/error.h"

namespace rondo::cuda_runtime {

namespace simt = test::simt;

namespace {

using Clock = std::chrono::steady_clock;

void refuse_while_recording(Stream stream, const std::string& doing) {
  if (simt::is_recording(stream)) throw RuntimeError(doing + ": not permitted while the stream is recorded");
}

constexpr std::size_t kFilledEnds = std::size_t{64} << 10;  // only the ends are filled: untouched pages cost nothing

// Fills memory with ones, which are NaN in a float of any size.
void fill_with_ones(void* pointer, std::size_t bytes) {
  const std::size_t filled = std::min(bytes, kFilledEnds);
  std::memset(pointer, 0xff, filled);
  std::memset(static_cast<std::byte*>(pointer) + bytes - filled, 0xff, filled);
}

struct SimulatedEvent {
  std::shared_ptr<Clock::time_point> time = std::make_shared<Clock::time_point>();  // outlives the event in the queue
  simt::Point point;
};

SimulatedEvent& event_of(void* handle) { return *static_cast<SimulatedEvent*>(handle); }

}  // namespace

int device_count() { return 1; }
std::string why_no_device() { return {}; }

DeviceProperties properties(int index) {
  return {.device = cuda(index),
          .processors = 4,
          .name = "simulated device",
          .compute_capability = 90,
          .shared_bytes_per_block = std::size_t{227} << 10,
          .clusters = {.of_2 = 8, .of_4 = 4, .of_8 = 2, .of_16 = 1},
          .l2_bytes = std::size_t{4} << 20,
          .memory_bytes = simt::device_memory_bytes()};
}

void* allocate(std::size_t bytes, Stream stream) {
  announce(Call::allocate);
  refuse_while_recording(stream, "allocating device memory");
  void* pointer = simt::allocate_device_memory(bytes);
  if (pointer == nullptr) {  // queued work may free memory
    simt::run_queued_work();
    pointer = simt::allocate_device_memory(bytes);
  }
  if (pointer != nullptr) {
    simt::submit(stream, [=] { fill_with_ones(pointer, bytes); });
    return pointer;
  }
  throw RuntimeError("out of memory on " + to_string(stream.device) + ": asked for " + std::to_string(bytes) +
                     " bytes, " + std::to_string(simt::free_device_bytes()) +
                     " are free; run with a smaller batch or fewer steps, or free tensors");
}

void deallocate(void* pointer, Stream stream) noexcept {
  announce(Call::deallocate);
  simt::submit(stream, [pointer] { simt::free_device_memory(pointer); });
}

std::size_t free_bytes(Device) { return simt::free_device_bytes(); }

std::uint32_t* allocate_host_words(std::size_t count) {
  announce(Call::allocate);
  static std::vector<std::unique_ptr<std::uint32_t[]>> all;
  return all.emplace_back(std::make_unique<std::uint32_t[]>(count)).get();
}

void* allocate_host(std::size_t bytes) {
  announce(Call::allocate);
  return simt::allocate_page_locked(bytes);
}

void deallocate_host(void* pointer) noexcept {
  announce(Call::deallocate);
  simt::free_page_locked(pointer);
}

bool is_page_locked(const void* pointer) { return simt::in_page_locked(pointer); }

bool is_device_pointer(const void* pointer, Device) { return simt::in_device_memory(pointer); }

void copy(void* target, const void* source, std::size_t bytes, Stream stream) {
  announce(Call::copy);
  if (simt::in_device_memory(source) || simt::in_page_locked(source)) {
    simt::submit(stream, [=] { std::memmove(target, source, bytes); });
    return;
  }
  const auto* first = static_cast<const std::byte*>(source);  // copied, as the host may change it after the return
  const auto staged = std::make_shared<std::vector<std::byte>>(first, first + bytes);
  simt::submit(stream, [=] { std::memcpy(target, staged->data(), bytes); });
}

void fill_zeros(void* target, std::size_t bytes, Stream stream) {
  simt::submit(stream, [=] { std::memset(target, 0, bytes); });
}

void synchronize(Stream stream) {
  announce(Call::synchronize);
  refuse_while_recording(stream, "waiting for a stream");
  simt::run_queued_work_of(stream);
}

void make_wait(Stream waiting, Stream awaited) { simt::wait(waiting, simt::mark(awaited)); }

bool is_recording(Stream stream) { return simt::is_recording(stream); }

OwnedStream::OwnedStream(Device device) : stream_(simt::make_stream(device)) {}
OwnedStream::~OwnedStream() { simt::destroy_stream(stream_); }

Event::Event(Device) : handle_(new SimulatedEvent) {}
Event::~Event() { delete static_cast<SimulatedEvent*>(handle_); }
void Event::record(Stream stream) {
  simt::submit(stream, [time = event_of(handle_).time] { *time = Clock::now(); });
  event_of(handle_).point = simt::mark(stream);
}
void Event::make_wait(Stream stream) const { simt::wait(stream, event_of(handle_).point); }
void Event::synchronize() {
  announce(Call::synchronize);
  simt::run_queued_work();
}
double Event::milliseconds_since(const Event& earlier) const {
  return std::chrono::duration<double, std::milli>(*event_of(handle_).time - *event_of(earlier.handle_).time).count();
}

// Shared, so that a recording outlives its queued replays.
using Recorded = std::shared_ptr<const simt::Recording>;

Graph::~Graph() { delete static_cast<Recorded*>(handle_); }

Graph Graph::record(Stream stream, const std::function<void()>& work) {
  announce(Call::record_graph);
  if (stream.native == nullptr) throw RuntimeError("recording a stream: a default stream cannot be recorded");
  simt::begin_recording(stream);
  try {
    work();
  } catch (...) {
    simt::abandon_recording(stream);
    throw;
  }
  Graph graph;
  graph.handle_ = new Recorded(simt::end_recording(stream));
  return graph;
}

void Graph::replay(Stream stream) const {
  announce(Call::replay_graph);
  simt::submit(stream, [recorded = *static_cast<const Recorded*>(handle_)] { simt::run_recorded(*recorded); });
}

}  // namespace rondo::cuda_runtime
