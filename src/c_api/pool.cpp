#include "rondo/c/pool.h"

#include <chrono>
#include <memory>
#include <span>
#include <vector>

#include "c_api/borrowed.h"
#include "c_api/last_error.h"
#include "c_api/network_object.h"
#include "c_api/plan_options.h"
#include "c_api/pool_object.h"
#include "c_api/session_object.h"
#include "c_api/sized_struct.h"

namespace rondo::c_api {
namespace {

StatePoolOptions pool_options_of(const rondo_pool_options& given, const LoadedNetwork& network,
                                 const std::shared_ptr<EvictionCallback>& eviction) {
  StatePoolOptions options{
      .slots = given.slots,
      .max_rows = given.max_rows,
      .max_steps = given.max_steps == 0 ? 1 : given.max_steps,
      .device = network.spec.layers.front().forward.device,
      .network = network_options_of(read_optional(given.plan, "options->plan")),
      .eviction = given.evict_least_recently_used != 0 ? EvictionPolicy::least_recently_used : EvictionPolicy::never};
  if (given.on_eviction != nullptr) {
    eviction->callback = given.on_eviction;
    eviction->user_data = given.user_data;
    options.on_eviction = [eviction](std::int64_t slot, EvictionReason reason) { eviction->call(slot, reason); };
  }
  return options;
}

}  // namespace
}  // namespace rondo::c_api

using namespace rondo;
using namespace rondo::c_api;

rondo_status rondo_pool_create(rondo_network* network, const rondo_pool_options* options, rondo_pool** pool) {
  return guarded([&] {
    rondo_pool*& result = cleared(pool, "pool");
    const auto object = object_of(network, "network");
    auto eviction = std::make_shared<EvictionCallback>();
    const StatePoolOptions pool_options = pool_options_of(read_sized(options, "options"), *object, eviction);
    result = handle_of<rondo_pool>(std::make_shared<PoolObject>(StatePool(*object, pool_options), std::move(eviction)));
  });
}

rondo_status rondo_pool_open_slot(rondo_pool* pool, int64_t* slot) {
  return guarded([&] {
    cleared(slot, "slot") = -1;
    object_of(pool, "pool")->use([&](StatePool& opened) { *slot = opened.open(); });
  });
}

rondo_status rondo_pool_close_slot(rondo_pool* pool, int64_t slot) {
  return guarded([&] { object_of(pool, "pool")->use([&](StatePool& opened) { opened.close(slot); }); });
}

rondo_status rondo_pool_is_open(rondo_pool* pool, int64_t slot, int32_t* is_open) {
  return guarded([&] {
    int32_t& result = cleared(is_open, "is_open");
    object_of(pool, "pool")->use([&](const StatePool& opened) { result = opened.is_open(slot) ? 1 : 0; });
  });
}

rondo_status rondo_pool_run(rondo_pool* pool, const rondo_stream_chunk* chunks, size_t chunk_count,
                            const rondo_dl_tensor* x, const rondo_dl_tensor* y) {
  return guarded([&] { object_of(pool, "pool")->run(chunks, chunk_count, x, y); });
}

rondo_status rondo_pool_finish(rondo_pool* pool, rondo_run_status* status) {
  return guarded([&] {
    const auto object = object_of(pool, "pool");
    if (status != nullptr) checked_size(status, sizeof *status, "status");
    object->use([&](StatePool& opened) { write_status(status, opened.finish()); });
  });
}

rondo_status rondo_pool_export_state(rondo_pool* pool, int64_t slot, void** bytes, size_t* size) {
  return guarded([&] {
    void*& result = cleared(bytes, "bytes");
    size_t& result_size = cleared(size, "size");
    object_of(pool, "pool")->use_while_evicting([&](const StatePool& opened) {
      const std::vector<std::byte> state = opened.export_state(slot);
      result = given_bytes(state.data(), state.size());
      result_size = state.size();
    });
  });
}

rondo_status rondo_pool_import_state(rondo_pool* pool, int64_t slot, const void* bytes, size_t size) {
  return guarded([&] {
    const auto object = object_of(pool, "pool");
    if (bytes == nullptr) throw ValueError("bytes", "null", "bytes of rondo_pool_export_state");
    object->use(
        [&](StatePool& opened) { opened.import_state(slot, std::span(static_cast<const std::byte*>(bytes), size)); });
  });
}

rondo_status rondo_pool_save_rest_state(rondo_pool* pool, int64_t slot) {
  return guarded([&] { object_of(pool, "pool")->use([&](StatePool& opened) { opened.save_rest_state(slot); }); });
}

rondo_status rondo_pool_clear_rest_state(rondo_pool* pool) {
  return guarded([&] { object_of(pool, "pool")->use([](StatePool& opened) { opened.clear_rest_state(); }); });
}

rondo_status rondo_pool_evict_idle(rondo_pool* pool, int64_t nanoseconds, int64_t* evicted) {
  return guarded([&] {
    int64_t& result = cleared(evicted, "evicted");
    if (nanoseconds < 0) throw ValueError("nanoseconds", std::to_string(nanoseconds), "0 or more");
    object_of(pool, "pool")->use([&](StatePool& opened) {
      result = opened.evict_idle(std::chrono::nanoseconds(nanoseconds));
    });
  });
}

rondo_status rondo_pool_describe(rondo_pool* pool, rondo_pool_info* info) {
  return guarded([&] {
    object_of(pool, "pool")->use([&](const StatePool& opened) {
      write_sized(info, "info",
                  rondo_pool_info{.struct_size = 0,
                                  .slots = opened.options().slots,
                                  .open_slots = opened.open_slots(),
                                  .max_rows = opened.options().max_rows,
                                  .max_steps = opened.options().max_steps,
                                  .input_features = opened.input_features(),
                                  .output_features = opened.output_features(),
                                  .fingerprint = opened.fingerprint(),
                                  .state_bytes = opened.state_bytes(),
                                  .slot_bytes = opened.slot_bytes()});
    });
  });
}

rondo_status rondo_pool_explain(rondo_pool* pool, char** text) {
  return guarded([&] {
    char*& result = cleared(text, "text");
    object_of(pool, "pool")->use([&](const StatePool& opened) { result = given_text(opened.explain()); });
  });
}

rondo_status rondo_pool_close(rondo_pool* pool) {
  return guarded([&] { close_handle(pool, "pool"); });
}
