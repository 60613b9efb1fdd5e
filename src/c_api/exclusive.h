/// Refuses a second thread in an object that is for one thread at a time.
#pragma once

#include <atomic>
#include <string>

#include "rondo/vocabulary/error.h"

namespace rondo::c_api {

/// A member of the object.
class OneThread {
 public:
  /// Held while a call is in the object. Throws `RuntimeError` where another call is in it, also one of the same
  /// thread.
  class Entered {
   public:
    Entered(OneThread& place, const char* name) : place_(place) {
      if (place_.is_taken_.exchange(true, std::memory_order_acquire)) {
        throw RuntimeError(name, "a call while another one is in it", "one call at a time");
      }
    }
    ~Entered() { place_.is_taken_.store(false, std::memory_order_release); }
    Entered(const Entered&) = delete;
    Entered& operator=(const Entered&) = delete;

   private:
    OneThread& place_;
  };

 private:
  std::atomic<bool> is_taken_ = false;
};

}  // namespace rondo::c_api
