#include "vocabulary/log.h"

#include <cstdio>
#include <memory>
#include <mutex>
#include <utility>

#include "vocabulary/fork.h"

namespace rondo {
namespace {

struct Sink {
  ForkLock mutex;
  std::shared_ptr<const LogSink> sink;
};

// Never destroyed: destructors of other static objects may report.
Sink& current_sink() {
  static Sink* const sink = new Sink;
  return *sink;
}

}  // namespace

void set_log_sink(LogSink sink) {
  auto shared = sink ? std::make_shared<const LogSink>(std::move(sink)) : nullptr;
  Sink& current = current_sink();
  const std::lock_guard lock(current.mutex);
  current.sink.swap(shared);
}

// The sink is called without the lock, so that it may set another one.
void log(LogLevel level, const std::string& message) {
  std::shared_ptr<const LogSink> sink;
  {
    Sink& current = current_sink();
    const std::lock_guard lock(current.mutex);
    sink = current.sink;
  }
  if (sink != nullptr) return (*sink)(level, message);
  if (level == LogLevel::warning) std::fprintf(stderr, "rondo: %s\n", message.c_str());
}

}  // namespace rondo
