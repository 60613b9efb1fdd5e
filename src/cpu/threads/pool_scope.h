/// A thread pool for the sessions that a thread makes.
#pragma once

#include <memory>

#include "rondo/tensor/thread_pool.h"

namespace rondo {

/// While it lives, default_thread_pool() is `pool` on the thread that made it, so that sessions made there run in it.
/// Null leaves the default pool as it is. Scopes may be nested; each is destroyed on its thread, before the one around
/// it. `pool` must outlive the scope.
class PoolScope {
 public:
  explicit PoolScope(const std::shared_ptr<ThreadPool>& pool);
  ~PoolScope();
  PoolScope(const PoolScope&) = delete;
  PoolScope& operator=(const PoolScope&) = delete;

 private:
  const std::shared_ptr<ThreadPool>* outer_;
};

}  // namespace rondo
