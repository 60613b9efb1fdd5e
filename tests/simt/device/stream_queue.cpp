#include "simt/device/stream_queue.h"

#include <deque>
#include <map>
#include <mutex>

#include "simt/device/device_memory.h"

namespace rondo::test::simt {
namespace {

constexpr std::size_t kQueueLimit = 5000;  // then the device begins by itself

struct Streams {
  std::mutex mutex;
  std::mutex running;  // one thread at a time plays the device
  std::deque<Work> queue;
  std::map<void*, std::vector<Work>> recordings;
};

Streams& streams() {
  static Streams* instance = new Streams;
  return *instance;
}

Work take_next() {
  const std::lock_guard lock(streams().mutex);
  if (streams().queue.empty()) return nullptr;
  Work work = std::move(streams().queue.front());
  streams().queue.pop_front();
  return work;
}

}  // namespace

void submit(Stream stream, Work work) {
  if (stream.device.type == DeviceType::cpu) return work();
  std::size_t waiting = 0;
  {
    const std::lock_guard lock(streams().mutex);
    const auto recording = streams().recordings.find(stream.native);
    if (recording != streams().recordings.end()) return recording->second.push_back(std::move(work));
    streams().queue.push_back(std::move(work));
    waiting = streams().queue.size();
  }
  if (waiting > kQueueLimit) run_queued_work();
}

void run_queued_work() {
  const std::lock_guard lock(streams().running);
  const DeviceMemoryAccess access;
  while (const Work work = take_next()) work();
}

Stream make_stream(Device device) { return {device, new char}; }
void destroy_stream(Stream stream) { delete static_cast<char*>(stream.native); }

bool is_recording(Stream stream) {
  const std::lock_guard lock(streams().mutex);
  return streams().recordings.contains(stream.native);
}

void begin_recording(Stream stream) {
  const std::lock_guard lock(streams().mutex);
  streams().recordings[stream.native];
}

std::vector<Work> end_recording(Stream stream) {
  const std::lock_guard lock(streams().mutex);
  return std::move(streams().recordings.extract(stream.native).mapped());
}

}  // namespace rondo::test::simt
