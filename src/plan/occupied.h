/// Marks a session or a stateful layer as in use by a thread. A call from a second thread throws `RuntimeError`,
/// because both runs would be wrong.
#pragma once

#include <string>

#include "rondo/vocabulary/error.h"
#include "vocabulary/fork.h"

namespace rondo {

class Occupied {
 public:
  explicit Occupied(ForkFlag& flag, const char* owner = "session") : flag_(flag) {
    if (flag_.take()) return;
    throw RuntimeError(std::string(owner) + ": a second thread called it during a run; make one " + owner +
                       " for each thread");
  }
  ~Occupied() { flag_.release(); }
  Occupied(const Occupied&) = delete;
  Occupied& operator=(const Occupied&) = delete;

 private:
  ForkFlag& flag_;
};

}  // namespace rondo
