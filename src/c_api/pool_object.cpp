#include "c_api/pool_object.h"

#include <string>

#include "c_api/borrowed.h"
#include "c_api/last_error.h"
#include "c_api/sized_struct.h"

namespace rondo::c_api {
namespace {

// Element k of a list whose elements have the caller's size.
const rondo_stream_chunk* chunk_at(const rondo_stream_chunk* chunks, std::size_t size, std::size_t k) {
  return reinterpret_cast<const rondo_stream_chunk*>(reinterpret_cast<const std::byte*>(chunks) + k * size);
}

}  // namespace

void EvictionCallback::call(std::int64_t slot, EvictionReason reason) {
  struct InCallback {
    explicit InCallback(EvictionCallback& its_owner) : owner(its_owner) { owner.thread = std::this_thread::get_id(); }
    ~InCallback() { owner.thread = std::thread::id(); }
    EvictionCallback& owner;
  };
  const InCallback in_callback(*this);
  callback(user_data, slot, reason == EvictionReason::idle ? RONDO_EVICTED_IDLE : RONDO_EVICTED_FOR_ANOTHER);
}

PoolObject::PoolObject(StatePool pool, std::shared_ptr<EvictionCallback> eviction)
    : pool_(std::move(pool)), eviction_(std::move(eviction)) {
  chunks_.reserve(static_cast<std::size_t>(pool_->options().max_rows));
}

StatePool& PoolObject::present() {
  if (!pool_) throw InvalidHandle("pool", "a pool that a batcher has taken", "a pool");
  return *pool_;
}

StatePool PoolObject::take() {
  const OneThread::Entered entered(one_thread_, "pool");
  StatePool taken = std::move(present());
  pool_.reset();
  return taken;
}

void PoolObject::run(const rondo_stream_chunk* chunks, std::size_t count, const rondo_dl_tensor* x,
                     const rondo_dl_tensor* y) {
  use([&](StatePool& pool) {
    const std::int64_t most = pool.options().max_rows;
    if (count > static_cast<std::size_t>(most)) {
      throw ValueError("chunk_count", std::to_string(count), "at most " + std::to_string(most));
    }
    chunks_.clear();
    const std::size_t size = count == 0 ? 0 : checked_size(chunks, sizeof *chunks, "chunks");
    for (std::size_t k = 0; k < count; ++k) {
      const rondo_stream_chunk chunk = read_sized(chunk_at(chunks, size, k), "chunks");
      if (chunk.struct_size != size) {
        throw ValueError("chunks[" + std::to_string(k) + "].struct_size", std::to_string(chunk.struct_size),
                         std::to_string(size) + ", as in chunks[0]");
      }
      chunks_.push_back({.slot = chunk.slot,
                         .steps = chunk.steps == 0 ? 1 : chunk.steps,
                         .start = chunk.start != 0,
                         .end = chunk.end != 0});
    }
    pool.run(chunks_, borrowed(x, "x"), borrowed(y, "y"));
  });
}

}  // namespace rondo::c_api
