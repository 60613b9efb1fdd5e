/// A thread pool for the sessions that a thread makes.
#pragma once

#include <memory>

#include "rondo/tensor/thread_pool.h"

namespace rondo {

/// While it lives, default_thread_pool() is `pool` on the thread that made it, so that sessions made there run in it.
/// Null leaves the default pool as it is. Scopes may be nested; each is destroyed on its thread, before the one around
/// it.
class PoolScope {
 public:
  explicit PoolScope(std::shared_ptr<ThreadPool> pool);
  ~PoolScope();
  PoolScope(const PoolScope&) = delete;
  PoolScope& operator=(const PoolScope&) = delete;

 private:
  const std::shared_ptr<ThreadPool> pool_;
  const std::shared_ptr<ThreadPool>* const outer_;
};

}  // namespace rondo
