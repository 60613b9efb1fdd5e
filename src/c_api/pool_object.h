/// The object of a `rondo_pool`.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "c_api/exclusive.h"
#include "c_api/handles.h"
#include "rondo/c/pool.h"
#include "rondo/serving/state_pool.h"

namespace rondo::c_api {

/// A caller's eviction callback. Knows which thread is in it, because that thread may export the state.
struct EvictionCallback {
  rondo_eviction_callback callback = nullptr;
  void* user_data = nullptr;
  std::atomic<std::thread::id> thread = {};

  void call(std::int64_t slot, EvictionReason reason);
};

/// A pool, until a batcher takes it.
class PoolObject {
 public:
  PoolObject(StatePool pool, std::shared_ptr<EvictionCallback> eviction);

  /// Calls `use` with the pool. Throws `RuntimeError` for a second thread, and `InvalidHandle` where a batcher has it.
  template <typename Use>
  void use(const Use& use) {
    const OneThread::Entered entered(one_thread_, "pool");
    use(present());
  }
  /// The same from an eviction callback of this pool, too.
  template <typename Use>
  void use_while_evicting(const Use& use) {
    if (eviction_->thread.load() == std::this_thread::get_id()) return use(present());
    this->use(use);
  }

  void run(const rondo_stream_chunk* chunks, std::size_t count, const rondo_dl_tensor* x, const rondo_dl_tensor* y);
  /// Takes the pool out, for a batcher.
  StatePool take();

 private:
  StatePool& present();

  std::optional<StatePool> pool_;
  std::shared_ptr<EvictionCallback> eviction_;
  std::vector<StreamChunk> chunks_;  // of the call, so that calls do not allocate them
  OneThread one_thread_;
};

template <>
struct HandleTraits<rondo_pool> {
  using Object = PoolObject;
  static constexpr HandleKind kKind = HandleKind::pool;
};

}  // namespace rondo::c_api
