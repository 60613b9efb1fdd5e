/// StatePool: the states of many streams.
#include "rondo/serving/state_pool.h"

#include <nanobind/stl/string.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "binding.h"
#include "names.h"
#include "rondo/vocabulary/error.h"
#include "serving.h"

namespace rondo::python {
namespace {

using namespace nb::literals;

EvictionPolicy eviction_from(const std::string& name) {
  if (name == "never") return EvictionPolicy::never;
  if (name == "least_recently_used") return EvictionPolicy::least_recently_used;
  throw ValueError("eviction", "\"" + name + "\"", "\"never\" or \"least_recently_used\"");
}

const char* name_of(EvictionReason reason) { return reason == EvictionReason::idle ? "idle" : "no_free_slot"; }

/// Python's function, which may run on the thread of a batcher: what it raises goes to sys.unraisablehook.
std::function<void(std::int64_t, EvictionReason)> on_eviction_from(nb::handle function) {
  if (function.is_none()) return {};
  if (PyCallable_Check(function.ptr()) == 0) throw TypeError("on_eviction", "what cannot be called", "a function");
  auto owned = std::make_shared<OwnedObject>(nb::borrow(function));
  return [owned](std::int64_t slot, EvictionReason reason) {
    const nb::gil_scoped_acquire locked;
    try {
      owned->get()(slot, name_of(reason));
    } catch (nb::python_error& error) {
      error.discard_as_unraisable(owned->get());
    }
  };
}

void make_pool(PoolHolder* made, const LoadedNetwork& network, std::int64_t slots, std::int64_t max_rows,
               std::int64_t max_steps, const std::string& device, const std::string& eviction, nb::handle on_eviction,
               const std::string& executor, int threads, bool never_waits) {
  // Member by member: GCC 12 warns of members of `network` that nested initialisers leave out.
  StatePoolOptions options;
  options.slots = slots;
  options.max_rows = max_rows;
  options.max_steps = max_steps;
  options.device = device_from(device, "device");
  options.network.executor = executor;
  options.network.never_waits = never_waits;
  options.network.threads = threads;
  options.eviction = eviction_from(eviction);
  options.on_eviction = on_eviction_from(on_eviction);
  const nb::gil_scoped_release unlocked;
  new (made) PoolHolder(StatePool(network, options));
}

/// A list of StreamChunk, or of slots that make one step.
std::vector<StreamChunk> chunks_from(nb::handle chunks) {
  if (!nb::isinstance<nb::list>(chunks) && !nb::isinstance<nb::tuple>(chunks)) {
    throw TypeError("chunks", "a " + nb::cast<std::string>(chunks.type().attr("__name__")), "a list");
  }
  std::vector<StreamChunk> given;
  given.reserve(nb::len(chunks));
  for (const nb::handle chunk : chunks) {
    StreamChunk* whole = nullptr;
    std::int64_t slot = 0;
    if (nb::try_cast<StreamChunk*>(chunk, whole) && whole != nullptr) {
      given.push_back(*whole);
    } else if (!PyBool_Check(chunk.ptr()) && nb::try_cast<std::int64_t>(chunk, slot)) {
      given.push_back({.slot = slot});
    } else {
      throw TypeError("chunks", "a " + nb::cast<std::string>(chunk.type().attr("__name__")), "StreamChunk, or a slot");
    }
  }
  return given;
}

void run(PoolHolder& holder, nb::handle chunks, nb::handle x, nb::handle y) {
  const std::vector<StreamChunk> given = chunks_from(chunks);
  const Tensor& input = tensor_of(x, "x");
  const Tensor& output = output_of(y, "y");
  holder.with([&](StatePool& pool) { pool.run(given, input, output); });
}

nb::bytes export_state(PoolHolder& holder, std::int64_t slot) {
  const std::vector<std::byte> bytes = holder.with([slot](const StatePool& pool) { return pool.export_state(slot); });
  return nb::bytes(bytes.data(), bytes.size());
}

void import_state(PoolHolder& holder, std::int64_t slot, const nb::bytes& state) {
  const auto bytes = std::as_bytes(std::span(state.c_str(), state.size()));
  holder.with([&](StatePool& pool) { pool.import_state(slot, bytes); });
}

std::int64_t evict_idle(PoolHolder& holder, double seconds) {
  const auto idle = duration_from<std::chrono::nanoseconds>(seconds, "seconds");
  return holder.with([idle](StatePool& pool) { return pool.evict_idle(idle); });
}

void bind_chunk(nb::module_& module) {
  nb::class_<StreamChunk>(module, "StreamChunk", "The part of one stream in a call of a StatePool.")
      .def(
          "__init__",
          [](StreamChunk* made, std::int64_t slot, std::int64_t steps, bool start, bool end) {
            new (made) StreamChunk{.slot = slot, .steps = steps, .start = start, .end = end};
          },
          "slot"_a, "steps"_a = 1, nb::kw_only(), "start"_a = false, "end"_a = false,
          "start: the stream begins anew, with the rest state; end: its slot is free after the call.")
      .def_rw("slot", &StreamChunk::slot)
      .def_rw("steps", &StreamChunk::steps)
      .def_rw("start", &StreamChunk::start)
      .def_rw("end", &StreamChunk::end)
      .def("__repr__", [](const StreamChunk& chunk) {
        return "rondo.StreamChunk(" + std::to_string(chunk.slot) + ", " + std::to_string(chunk.steps) +
               (chunk.start ? ", start=True" : "") + (chunk.end ? ", end=True" : "") + ")";
      });
}

/// What a pool says of itself: `Value` of a function of the pool.
template <auto Function>
auto asked(PoolHolder& holder) {
  return holder.with([](const StatePool& pool) { return (pool.*Function)(); });
}

}  // namespace

StatePool& PoolHolder::own() {
  if (!pool_) throw ValueError("pool", "one that a StreamBatcher has taken", "a pool of its own");
  return *pool_;
}

StatePool PoolHolder::take() {
  return with([this](StatePool& pool) {
    StatePool taken = std::move(pool);
    pool_.reset();
    return taken;
  });
}

void bind_state_pool(nb::module_& module) {
  bind_chunk(module);
  nb::class_<PoolHolder>(module, "StatePool", "The states of many streams through one network.")
      .def("__init__", &make_pool, "network"_a, nb::kw_only(), "slots"_a, "max_rows"_a, "max_steps"_a = 1,
           "device"_a = "cpu", "eviction"_a = "never", "on_eviction"_a = nb::none(), "executor"_a = "", "threads"_a = 0,
           "never_waits"_a = false)
      .def("open", [](PoolHolder& holder) { return holder.with([](StatePool& pool) { return pool.open(); }); })
      .def(
          "close",
          [](PoolHolder& holder, std::int64_t slot) { holder.with([slot](StatePool& pool) { pool.close(slot); }); },
          "slot"_a)
      .def(
          "is_open",
          [](PoolHolder& holder, std::int64_t slot) {
            return holder.with([slot](const StatePool& pool) { return pool.is_open(slot); });
          },
          "slot"_a)
      .def("run_into", &run, "chunks"_a, "x"_a, "y"_a, "Steps the streams of `chunks`, and writes y.")
      .def(
          "finish",
          [](PoolHolder& holder) { return holder.with([](StatePool& pool) { return pool.finish().stalled; }); },
          "Waits for the calls so far, and returns whether one has stalled.")
      .def("export_state", &export_state, "slot"_a, "The state of a slot, for import_state of any pool of the model.")
      .def("import_state", &import_state, "slot"_a, "state"_a)
      .def(
          "save_rest_state",
          [](PoolHolder& holder, std::int64_t slot) {
            holder.with([slot](StatePool& pool) { pool.save_rest_state(slot); });
          },
          "slot"_a, "Streams begin with the present state of this slot from now on.")
      .def("clear_rest_state",
           [](PoolHolder& holder) { holder.with([](StatePool& pool) { pool.clear_rest_state(); }); })
      .def("evict_idle", &evict_idle, "seconds"_a, "Evicts streams without a call for that long; returns how many.")
      .def("explain", &asked<&StatePool::explain>)
      .def_prop_ro("open_slots", &asked<&StatePool::open_slots>)
      .def_prop_ro("dtype", [](PoolHolder& holder) { return numpy_name(asked<&StatePool::dtype>(holder)); })
      .def_prop_ro("input_features", &asked<&StatePool::input_features>)
      .def_prop_ro("output_features", &asked<&StatePool::output_features>)
      .def_prop_ro("fingerprint", &asked<&StatePool::fingerprint>)
      .def_prop_ro("state_bytes", &asked<&StatePool::state_bytes>)
      .def_prop_ro("slot_bytes", &asked<&StatePool::slot_bytes>);
}

}  // namespace rondo::python
