/// One thread is inside of a session; a second one is told so instead of spoiling both runs.
#pragma once

#include <atomic>

#include "rondo/vocabulary/error.h"

namespace rondo {

class Occupied {
 public:
  explicit Occupied(std::atomic_flag& flag) : flag_(flag) {
    if (flag_.test_and_set()) {
      throw RuntimeError("session: a second thread called it during a run; make one session for each thread");
    }
  }
  ~Occupied() { flag_.clear(); }
  Occupied(const Occupied&) = delete;
  Occupied& operator=(const Occupied&) = delete;

 private:
  std::atomic_flag& flag_;
};

}  // namespace rondo
