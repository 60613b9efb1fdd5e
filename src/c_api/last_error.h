/// The one place where exceptions end: every function of rondo_c.h runs its body in `guarded`.
#pragma once

#include <utility>

#include "rondo/c/status.h"
#include "rondo/vocabulary/error.h"

namespace rondo::c_api {

/// A handle is null, was closed, or is of another kind.
class InvalidHandle : public ValueError {
 public:
  using ValueError::ValueError;
};

/// Keeps the exception that is being handled as this thread's last error, and returns its status.
rondo_status keep_error() noexcept;

/// Runs `body`. Returns RONDO_OK, or keeps what it throws.
template <typename Body>
rondo_status guarded(Body&& body) noexcept {
  try {
    std::forward<Body>(body)();
    return RONDO_OK;
  } catch (...) {
    return keep_error();
  }
}

}  // namespace rondo::c_api
