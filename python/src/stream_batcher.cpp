/// StreamBatcher: requests of many streams, answered by calls of a StatePool.
#include "rondo/serving/stream_batcher.h"

#include <nanobind/stl/string.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "binding.h"
#include "nests.h"
#include "rondo/vocabulary/error.h"
#include "serving.h"

namespace rondo::python {
namespace {

using namespace nb::literals;

/// Whether this thread runs an answer of a batcher's, which must not wait for the batcher.
thread_local bool answers = false;

/// The class StreamBatcher: a batcher until it is stopped. Calls that have begun keep it; Python's lock guards
/// `batcher_`.
class BatcherHolder {
 public:
  explicit BatcherHolder(std::shared_ptr<StreamBatcher> batcher) : batcher_(std::move(batcher)) {}
  BatcherHolder(const BatcherHolder&) = delete;
  BatcherHolder& operator=(const BatcherHolder&) = delete;
  ~BatcherHolder() { stop(); }

  /// `function(batcher)`, without Python's lock: the batcher's thread needs it for its answers.
  template <typename Function>
  auto with(const Function& function) {
    if (!batcher_) throw ValueError("batcher", "one that was stopped", "one that runs");
    std::shared_ptr<StreamBatcher> batcher = batcher_;
    const nb::gil_scoped_release unlocked;
    const Releaser releaser{batcher};
    return function(*batcher);
  }

  void stop() {
    std::shared_ptr<StreamBatcher> batcher = std::move(batcher_);
    const nb::gil_scoped_release unlocked;
    const Releaser releaser{batcher};
  }

 private:
  /// Lets go of a batcher: within one of its answers on another thread, because the batcher waits for its own.
  struct Releaser {
    std::shared_ptr<StreamBatcher>& batcher;

    ~Releaser() {
      if (answers && batcher) {
        std::thread([kept = std::move(batcher)]() mutable { kept.reset(); }).detach();
      } else {
        batcher.reset();
      }
    }
  };

  std::shared_ptr<StreamBatcher> batcher_;
};

nb::str name_of(StreamOutcome outcome) {
  const std::string_view name = to_string(outcome);
  return nb::str(name.data(), name.size());
}

StreamKey key_from(nb::handle stream) {
  if (nb::isinstance<nb::str>(stream)) return nb::cast<std::string>(stream);
  std::uint64_t number = 0;
  if (nb::isinstance<nb::int_>(stream) && !PyBool_Check(stream.ptr())) {
    if (nb::try_cast<std::uint64_t>(stream, number)) return number;
    throw ValueError("stream", nb::cast<std::string>(nb::str(stream)), "a number from 0 to 2^64 - 1, or a text");
  }
  throw TypeError("stream", "a " + nb::cast<std::string>(stream.type().attr("__name__")), "an int or a str");
}

/// Hands an answer to Python's function, which must not raise: sys.unraisablehook gets what it raises.
void answer_with(const OwnedObject& done, StreamAnswer answer) {
  const nb::gil_scoped_acquire locked;
  const bool outer = std::exchange(answers, true);
  try {
    nb::object y = nb::none();
    if (answer.y.defined()) y = to_python(answer.y);
    nb::object state = nb::none();
    if (!answer.state.empty()) state = nb::bytes(answer.state.data(), answer.state.size());
    done.get()(name_of(answer.outcome), y, state, answer.message);
  } catch (nb::python_error& error) {
    error.discard_as_unraisable(done.get());
  }
  answers = outer;
}

StreamBatcher::Done answering(nb::handle done) {
  auto owned = std::make_shared<OwnedObject>(nb::borrow(done));
  return [owned](StreamAnswer answer) { answer_with(*owned, std::move(answer)); };
}

std::uint64_t submit(BatcherHolder& holder, nb::handle stream, nb::handle x, nb::handle done, bool start, bool end,
                     bool wants_state) {
  StreamRequest request{.stream = key_from(stream),
                        .x = tensor_of(x, "x"),
                        .start = start,
                        .end = end,
                        .wants_state = wants_state};
  return holder.with([&, told = answering(done)](StreamBatcher& batcher) {
    return batcher.submit(std::move(request), told);
  });
}

std::uint64_t export_state(BatcherHolder& holder, nb::handle stream, nb::handle done) {
  const StreamKey key = key_from(stream);
  return holder.with([&, told = answering(done)](StreamBatcher& batcher) { return batcher.export_state(key, told); });
}

std::uint64_t import_state(BatcherHolder& holder, nb::handle stream, const nb::bytes& state, nb::handle done) {
  const StreamKey key = key_from(stream);
  const auto bytes = std::as_bytes(std::span(state.c_str(), state.size()));
  return holder.with([&, told = answering(done)](StreamBatcher& batcher) {
    return batcher.import_state(key, {bytes.begin(), bytes.end()}, told);
  });
}

nb::list list_of(const StreamMetrics::Histogram& buckets) {
  nb::list counts;
  for (const std::int64_t count : buckets) counts.append(count);
  return counts;
}

nb::dict answers_of(const StreamMetrics& metrics) {
  nb::dict counts;
  for (std::size_t k = 0; k < metrics.answers.size(); ++k) {
    counts[name_of(static_cast<StreamOutcome>(k))] = metrics.answers[k];
  }
  return counts;
}

void bind_metrics(nb::module_& module) {
  nb::class_<StreamMetrics>(module, "StreamMetrics", "Numbers of a batcher since its creation.")
      .def_ro("waiting", &StreamMetrics::waiting, "Requests now that have steps which no call has taken.")
      .def_ro("open_streams", &StreamMetrics::open_streams, "Slots in use now.")
      .def_ro("requests", &StreamMetrics::requests, "Answered with outputs.")
      .def_ro("refused", &StreamMetrics::refused, "Answered otherwise.")
      .def_prop_ro("answers", &answers_of, "The same answers by their outcome.")
      .def_ro("evictions", &StreamMetrics::evictions)
      .def_ro("calls", &StreamMetrics::calls, "Calls of the pool.")
      .def_ro("rows", &StreamMetrics::rows, "Streams in calls, summed over the calls.")
      .def_ro("steps", &StreamMetrics::steps, "Steps of all streams.")
      .def_ro("call_seconds", &StreamMetrics::call_seconds, "The time of all calls.")
      .def_ro("wait_seconds", &StreamMetrics::wait_seconds, "The time that requests waited for their first call.")
      .def_prop_ro(
          "batch_rows", [](const StreamMetrics& metrics) { return list_of(metrics.batch_rows); },
          "Calls by the number of their streams: entry k counts those up to 2^k that entry k - 1 does not.")
      .def_prop_ro(
          "call_microseconds", [](const StreamMetrics& metrics) { return list_of(metrics.call_microseconds); },
          "Calls by their time, likewise.")
      .def_prop_ro(
          "wait_microseconds", [](const StreamMetrics& metrics) { return list_of(metrics.wait_microseconds); },
          "Requests by the time until their first call.");
}

}  // namespace

void bind_stream_batcher(nb::module_& module) {
  bind_metrics(module);
  nb::class_<BatcherHolder>(module, "StreamBatcher", "Requests of many streams, answered by calls of a StatePool.")
      .def(
          "__init__",
          [](BatcherHolder* made, PoolHolder& pool, double max_delay, std::int64_t max_waiting, bool refuse_nan,
             bool require_start, double idle) {
            const StreamBatcherOptions options{
                .max_delay = duration_from<std::chrono::microseconds>(max_delay, "max_delay"),
                .max_waiting = max_waiting,
                .refuse_nan = refuse_nan,
                .require_start = require_start,
                .idle = duration_from<std::chrono::milliseconds>(idle, "idle")};
            check_batcher_options(options);  // before the pool is taken
            new (made) BatcherHolder(std::make_shared<StreamBatcher>(pool.take(), options));
          },
          "pool"_a, nb::kw_only(), "max_delay"_a = 0.0, "max_waiting"_a = 4096, "refuse_nan"_a = true,
          "require_start"_a = true, "idle"_a = 0.0)
      .def("submit", &submit, "stream"_a, "x"_a, "done"_a, nb::kw_only(), "start"_a = false, "end"_a = false,
           "wants_state"_a = false,
           "Has `done(outcome, y, state, message)` called once, and returns the request's number.")
      .def("export_state", &export_state, "stream"_a, "done"_a,
           "Has `done(outcome, None, state, message)` called once, and returns the request's number.")
      .def("import_state", &import_state, "stream"_a, "state"_a, "done"_a,
           "Has `done(outcome, None, None, message)` called once, and returns the request's number.")
      .def(
          "cancel",
          [](BatcherHolder& holder, std::uint64_t request) {
            return holder.with([request](StreamBatcher& batcher) { return batcher.cancel(request); });
          },
          "request"_a)
      .def(
          "drain", [](BatcherHolder& holder) { holder.with([](StreamBatcher& batcher) { batcher.drain(); }); },
          "Waits until every request has its answer.")
      .def("stop", &BatcherHolder::stop, "Answers what waits as cancelled, and ends the batcher's thread.")
      .def("metrics",
           [](BatcherHolder& holder) {
             return holder.with([](const StreamBatcher& batcher) { return batcher.metrics(); });
           })
      .def(
          "prometheus",
          [](BatcherHolder& holder, const std::string& model) {
            return holder.with([&](const StreamBatcher& batcher) { return batcher.prometheus(model); });
          },
          "model"_a, "The metrics in the text format of Prometheus.");
}

}  // namespace rondo::python
