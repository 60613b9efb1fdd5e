/// The classes of rondo/serving as objects that several of Python's threads may hold.
#pragma once

#include <chrono>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "arrays.h"
#include "rondo/serving/state_pool.h"
#include "rondo/vocabulary/error.h"

namespace rondo::python {

/// Seconds as a duration, which Python gives as a float. Throws `ValueError` naming `argument`.
template <typename Duration>
Duration duration_from(double seconds, const char* argument) {
  constexpr double kMost = 1e9;  // which nanoseconds can count
  if (!(seconds >= 0 && seconds <= kMost)) {
    throw ValueError(argument, std::to_string(seconds), "seconds, from 0 to 1e9");
  }
  return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(seconds));
}

/// An object of Python's that C++ code owns, wherever it is destroyed.
class OwnedObject {
 public:
  explicit OwnedObject(nb::object object) : object_(std::move(object)) {}
  OwnedObject(const OwnedObject&) = delete;
  OwnedObject& operator=(const OwnedObject&) = delete;
  ~OwnedObject() {
    if (!nb::is_alive()) {  // the interpreter has ended, and its objects with it
      object_.release();
      return;
    }
    const nb::gil_scoped_acquire locked;
    object_.reset();
  }

  const nb::object& get() const { return object_; }

 private:
  nb::object object_;
};

/// The class StatePool: a pool until a batcher takes it. Calls of several threads wait for each other; one that an
/// eviction makes from within a call does not.
class PoolHolder {
 public:
  explicit PoolHolder(StatePool pool) : pool_(std::move(pool)) {}

  /// `function(pool)`, without Python's lock.
  template <typename Function>
  auto with(const Function& function) {
    const nb::gil_scoped_release unlocked;
    const std::scoped_lock turn(turn_);
    return function(own());
  }

  /// The pool, which this object has no longer. Throws `ValueError` naming `pool` where it has none.
  StatePool take();

 private:
  StatePool& own();

  std::recursive_mutex turn_;
  std::optional<StatePool> pool_;
};

}  // namespace rondo::python
