#include "device/simt/fiber.h"

#include <utility>

// Interfaces of the sanitizers' run-time libraries, which are null in a program without sanitizers.
extern "C" {
__attribute__((weak)) void __sanitizer_start_switch_fiber(void** fake_stack, const void* bottom, std::size_t size);
__attribute__((weak)) void __sanitizer_finish_switch_fiber(void* fake_stack, const void** bottom, std::size_t* size);
__attribute__((weak)) void* __tsan_get_current_fiber();
__attribute__((weak)) void* __tsan_create_fiber(unsigned flags);
__attribute__((weak)) void __tsan_destroy_fiber(void* fiber);
__attribute__((weak)) void __tsan_switch_to_fiber(void* fiber, unsigned flags);
__attribute__((weak)) void __tsan_acquire(void* address);
__attribute__((weak)) void __tsan_release(void* address);
}

namespace rondo::test::simt {
namespace {

constexpr std::size_t kStackBytes = std::size_t{128} << 10;  // instrumented frames are large
constexpr unsigned kNoSynchronisation = 1;                   // a switch orders nothing: only barriers do

}  // namespace

Fiber::Fiber() : allocator_(kStackBytes), stack_(allocator_.allocate()) {
  context_ =
      boost::context::fiber(std::allocator_arg, boost::context::preallocated(stack_.sp, stack_.size, stack_),
                            allocator_, [this](boost::context::fiber&& resumer) { return run(std::move(resumer)); });
  if (__tsan_create_fiber != nullptr) thread_ = __tsan_create_fiber(0);
}

Fiber::~Fiber() {
  stopping_ = true;
  resume();
  if (thread_ != nullptr) __tsan_destroy_fiber(thread_);
}

void Fiber::resume() {
  void* own_fake_stack = nullptr;
  if (__sanitizer_start_switch_fiber != nullptr) {
    __sanitizer_start_switch_fiber(&own_fake_stack, static_cast<char*>(stack_.sp) - stack_.size, stack_.size);
  }
  if (thread_ != nullptr) {
    resumer_thread_ = __tsan_get_current_fiber();
    __tsan_switch_to_fiber(thread_, kNoSynchronisation);
  }
  context_ = std::move(context_).resume();
  if (__sanitizer_finish_switch_fiber != nullptr) __sanitizer_finish_switch_fiber(own_fake_stack, nullptr, nullptr);
}

void Fiber::suspend() {
  leave(false);
  context_ = std::move(context_).resume();
  arrive();
}

boost::context::fiber Fiber::run(boost::context::fiber&& resumer) {
  context_ = std::move(resumer);
  arrive();
  while (!stopping_) {
    task_();
    task_ = nullptr;
    suspend();
  }
  leave(true);
  return std::move(context_);
}

void Fiber::leave(bool for_good) {
  if (__sanitizer_start_switch_fiber != nullptr) {
    __sanitizer_start_switch_fiber(for_good ? nullptr : &fake_stack_, resumer_stack_, resumer_stack_size_);
  }
  if (thread_ != nullptr) __tsan_switch_to_fiber(resumer_thread_, kNoSynchronisation);
}

void Fiber::arrive() {
  if (__sanitizer_finish_switch_fiber != nullptr) {
    __sanitizer_finish_switch_fiber(fake_stack_, &resumer_stack_, &resumer_stack_size_);
  }
}

void release_to_sanitizer(void* address) {
  if (__tsan_release != nullptr) __tsan_release(address);
}

void acquire_from_sanitizer(void* address) {
  if (__tsan_acquire != nullptr) __tsan_acquire(address);
}

}  // namespace rondo::test::simt
