// Classes that a program derives from those of the library.
#pragma once

#include <rondo/rondo.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <new>
#include <stdexcept>

namespace own {

/// A cell that adds its input to its state.
class Sum final : public rondo::Cell {
 public:
  explicit Sum(std::int64_t units) : units_(units) {}

  rondo::SizeNest state_size() const override { return rondo::Shape{units_}; }
  rondo::StepResult call(const rondo::Nest& inputs, const rondo::States& states, const rondo::CellContext&) override {
    if (throws) throw std::domain_error("from the cell");
    const rondo::Tensor sum = rondo::add(states[0], inputs);
    return {sum, {sum}};
  }
  bool throws = false;

 private:
  std::int64_t units_;
};

/// An allocator that counts its calls.
class Counting final : public rondo::Allocator {
 public:
  rondo::Device device() const override { return rondo::cpu(); }
  void* allocate(std::size_t bytes, rondo::Stream) override {
    ++calls;
    return ::operator new (bytes, std::align_val_t{kAlignment});
  }
  void deallocate(void* pointer, std::size_t, rondo::Stream) noexcept override {
    ::operator delete (pointer, std::align_val_t{kAlignment});
  }
  std::atomic<int> calls = 0;
};

/// A pool of the caller's thread alone.
class CallersThread final : public rondo::ThreadPool {
 public:
  int size() const override { return 1; }
  void run(int, Part part, void* work) override {
    ++runs;
    part(work, 0, 1);
  }
  int runs = 0;
};

}  // namespace own
