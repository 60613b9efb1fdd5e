#include "device/simt/device/stream_queue.h"

#include <algorithm>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <random>
#include <set>

#include "device/simt/device/device_memory.h"
#include "rondo/vocabulary/error.h"

namespace rondo::test::simt {
namespace {

constexpr std::size_t kQueueLimit = 5000;  // with more tasks the device begins by itself

/// Work of a stream. A task runs after the stream's earlier tasks and after the awaited point.
struct Task {
  std::uint64_t number = 0;
  void* stream = nullptr;
  Work work;
  std::uint64_t awaited = 0;  ///< 0: none
};

}  // namespace

class Recording {
 public:
  std::uint64_t number = 0;
  void* origin = nullptr;
  std::vector<Task> tasks;
};

namespace {

struct Streams {
  std::mutex mutex;
  std::mutex running;  // one thread at a time runs the device's work
  std::uint64_t tasks = 0;
  std::uint64_t recordings = 0;
  std::deque<Task> queue;
  std::map<void*, std::shared_ptr<Recording>> recorded;  // by stream
  std::optional<std::mt19937_64> lots;                   // draws an order of streams; none: the order of queueing
};

Streams& streams() {
  static Streams* instance = new Streams;
  return *instance;
}

// Positions of tasks that wait for no other task of the queue.
std::vector<std::size_t> ready_tasks(const std::deque<Task>& queue) {
  std::vector<std::size_t> ready;
  std::set<void*> busy;
  std::set<std::uint64_t> waiting;
  for (std::size_t k = 0; k < queue.size(); ++k) {
    if (!busy.contains(queue[k].stream) && !waiting.contains(queue[k].awaited)) ready.push_back(k);
    busy.insert(queue[k].stream);
    waiting.insert(queue[k].number);
  }
  return ready;
}

// Takes the next task of a queue that is not empty.
Work take_next(std::deque<Task>& queue) {
  std::size_t next = 0;
  if (streams().lots) {
    const std::vector<std::size_t> ready = ready_tasks(queue);
    next = ready[std::uniform_int_distribution<std::size_t>(0, ready.size() - 1)(*streams().lots)];
  }
  const auto taken = queue.begin() + static_cast<std::ptrdiff_t>(next);
  Work work = std::move(taken->work);
  queue.erase(taken);
  return work;
}

// Takes the next task that has to run; null when none is left.
Work take_queued(const std::optional<Stream>& awaited) {
  const std::lock_guard lock(streams().mutex);
  std::deque<Task>& queue = streams().queue;
  const auto matters = [&](const Task& task) { return task.stream == awaited->native; };
  const bool all = !awaited || !streams().lots;
  if (all ? queue.empty() : std::ranges::none_of(queue, matters)) return nullptr;
  return take_next(queue);
}

void run_queued(const std::optional<Stream>& awaited) {
  const std::lock_guard lock(streams().running);
  const DeviceMemoryAccess access;
  while (const Work work = take_queued(awaited)) work();
}

Point add_task(Stream stream, Work work, std::uint64_t awaited = 0) {
  Point point;
  std::size_t waiting = 0;
  {
    const std::lock_guard lock(streams().mutex);
    point.number = ++streams().tasks;
    Task task{point.number, stream.native, std::move(work), awaited};
    const auto recording = streams().recorded.find(stream.native);
    if (recording != streams().recorded.end()) {
      recording->second->tasks.push_back(std::move(task));
      point.recording = recording->second->number;
      return point;
    }
    streams().queue.push_back(std::move(task));
    waiting = streams().queue.size();
  }
  if (waiting > kQueueLimit) run_queued_work();
  return point;
}

void join_recording(Stream stream, Point point) {
  const std::lock_guard lock(streams().mutex);
  auto& recorded = streams().recorded;
  const auto own = recorded.find(stream.native);
  if (own != recorded.end()) {
    if (own->second->number == point.recording) return;
    throw RuntimeError("making a stream wait: a recorded stream cannot wait for what is outside of its recording");
  }
  if (point.recording == 0) return;
  const auto found =
      std::ranges::find_if(recorded, [&](const auto& entry) { return entry.second->number == point.recording; });
  if (found == recorded.end()) throw RuntimeError("making a stream wait: what it waits for was recorded, and is over");
  if (stream.native == nullptr) throw RuntimeError("making a stream wait: a default stream cannot be recorded");
  recorded[stream.native] = found->second;
}

// Returns the recording of `stream`, and ends it for all of its streams.
std::shared_ptr<const Recording> take_recording(Stream stream) {
  const std::lock_guard lock(streams().mutex);
  const std::shared_ptr<const Recording> ended = streams().recorded.at(stream.native);
  std::erase_if(streams().recorded, [&](const auto& entry) { return entry.second == ended; });
  return ended;
}

// Walks back from the end of the recorded stream. The recorded stream has not waited for work that the walk misses.
void check_joined(const Recording& recording) {
  std::set<void*> joined{recording.origin};
  std::set<std::uint64_t> awaited;
  for (auto task = recording.tasks.rbegin(); task != recording.tasks.rend(); ++task) {
    if (!joined.contains(task->stream) && !awaited.contains(task->number)) {
      throw RuntimeError("ending the recording of a stream: another stream's work in it was not waited for");
    }
    joined.insert(task->stream);
    awaited.insert(task->awaited);
  }
}

}  // namespace

void submit(Stream stream, Work work) {
  if (stream.device.type == DeviceType::cpu) return work();
  add_task(stream, std::move(work));
}

void run_queued_work() { run_queued(std::nullopt); }
void run_queued_work_of(Stream stream) { run_queued(stream); }

StreamsInAnyOrder::StreamsInAnyOrder(std::uint64_t seed) {
  run_queued_work();
  const std::scoped_lock lock(streams().running, streams().mutex);
  streams().lots.emplace(seed);
}

StreamsInAnyOrder::~StreamsInAnyOrder() {
  run_queued_work();
  const std::scoped_lock lock(streams().running, streams().mutex);
  streams().lots.reset();
}

Point mark(Stream stream) {
  return add_task(stream, [] {});
}

void wait(Stream stream, Point point) {
  if (point.number == 0) return;
  join_recording(stream, point);
  add_task(
      stream, [] {}, point.number);
}

Stream make_stream(Device device) { return {device, new char}; }
void destroy_stream(Stream stream) { delete static_cast<char*>(stream.native); }

bool is_recording(Stream stream) {
  const std::lock_guard lock(streams().mutex);
  return streams().recorded.contains(stream.native);
}

void begin_recording(Stream stream) {
  const std::lock_guard lock(streams().mutex);
  const auto recording = std::make_shared<Recording>();
  recording->number = ++streams().recordings;
  recording->origin = stream.native;
  streams().recorded[stream.native] = recording;
}

std::shared_ptr<const Recording> end_recording(Stream stream) {
  const std::shared_ptr<const Recording> ended = take_recording(stream);
  check_joined(*ended);
  return ended;
}

void abandon_recording(Stream stream) { (void)take_recording(stream); }

void run_recorded(const Recording& recording) {
  if (!streams().lots) {
    for (const Task& task : recording.tasks) task.work();
    return;
  }
  std::deque<Task> left(recording.tasks.begin(), recording.tasks.end());
  while (!left.empty()) take_next(left)();
}

}  // namespace rondo::test::simt
