/// A stack of execution that can stop in the middle of a call and continue later. Sanitizers are told of each switch.
#pragma once

#include <boost/context/fiber.hpp>
#include <boost/context/protected_fixedsize_stack.hpp>
#include <cstddef>
#include <functional>

namespace rondo::test::simt {

/// Runs one task after another. All fibers belong to one OS thread and are resumed from its own stack.
class Fiber {
 public:
  Fiber();
  /// Destroys a fiber, which must be idle.
  ~Fiber();
  Fiber(const Fiber&) = delete;
  Fiber& operator=(const Fiber&) = delete;

  /// Sets the task that the next `resume` begins. The task must not throw. The fiber must be idle.
  void assign(std::function<void()> task) { task_ = std::move(task); }
  /// Continues the task until it suspends or ends.
  void resume();
  /// Returns to the caller of `resume`. Only the task may call this.
  void suspend();
  bool idle() const { return task_ == nullptr; }

 private:
  boost::context::fiber run(boost::context::fiber&& resumer);
  void leave(bool for_good);
  void arrive();

  boost::context::protected_fixedsize_stack allocator_;
  boost::context::stack_context stack_;
  boost::context::fiber context_;  ///< the fiber while it is suspended, otherwise the caller of `resume`
  std::function<void()> task_;
  bool stopping_ = false;

  // The handles by which ThreadSanitizer and AddressSanitizer know the two sides.
  void* thread_ = nullptr;
  void* resumer_thread_ = nullptr;
  void* fake_stack_ = nullptr;
  const void* resumer_stack_ = nullptr;
  std::size_t resumer_stack_size_ = 0;
};

/// Under ThreadSanitizer, writes before a release of `address` are visible after an acquire of `address`.
void release_to_sanitizer(void* address);
void acquire_from_sanitizer(void* address);

}  // namespace rondo::test::simt
