// Servers load a model, answer, and then fork workers. Sessions and pools that were made before work in a child.

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "cpu/threads/spin.h"
#include "rondo/plan/plan.h"
#include "rondo/tensor/allocator.h"
#include "rondo/tensor/thread_pool.h"
#include "support/child.h"
#include "support/compare.h"
#include "support/random.h"
#include "vocabulary/fork.h"

namespace rondo::test {
namespace {

/// How many parts a pool makes of some work. The parts meet at a barrier, so that a missing thread hangs the child.
int parts_of(ThreadPool& pool, int most) {
  struct Meeting {
    SpinBarrier barrier;
    std::atomic<int> count = 0;
  } meeting;
  const auto part = [](void* work, int, int count) {
    static_cast<Meeting*>(work)->count = count;
    static_cast<Meeting*>(work)->barrier.arrive_and_wait(count);
  };
  pool.run(most, part, &meeting);
  return meeting.count;
}

/// A model with its session, for four threads on any machine.
struct Model {
  explicit Model(RecurrenceSpec spec)
      : x(random.tensor({spec.T, spec.B, spec.I}, 1)),
        weights{.kernel = random.tensor({spec.I, 4 * spec.cell.units}, 0.3),
                .recurrent_kernel = random.tensor({spec.cell.units, 4 * spec.cell.units}, 0.3),
                .bias = random.tensor({4 * spec.cell.units}, 0.3)},
        shape{spec.T, spec.B, spec.cell.units},
        session(Plan::create(spec, {.device = cpu(), .processors = 4}), weights) {}

  Tensor answer() {
    const Tensor y = Tensor::empty(shape, DType::f32);
    session.run({.x = x, .y = y});
    return y;
  }

  Random random{7};
  Tensor x;
  RecurrentWeights weights;
  Shape shape;
  Session session;
};

/// A recurrence that is shared out by units, with a barrier in each step.
RecurrenceSpec by_units() { return {.cell = {.units = 256}, .T = 60, .B = 1, .I = 256}; }
RecurrenceSpec by_rows() { return {.cell = {.units = 64}, .T = 20, .B = 64, .I = 32}; }
RecurrenceSpec on_one_thread() { return {.cell = {.units = 8}, .T = 5, .B = 1, .I = 4}; }

RecurrenceSpec shared_out(std::string_view way) {
  if (way == "by_units") return by_units();
  return way == "by_rows" ? by_rows() : on_one_thread();
}

class ForkedPool : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!kChildrenCanStartThreads) GTEST_SKIP() << "children can start no threads under this sanitizer";
  }
};

/// Tests for each way to share out work. The default pool has four threads.
class ForkedModel : public ForkedPool, public ::testing::WithParamInterface<const char*> {
 protected:
  void SetUp() override {
    ForkedPool::SetUp();
    set_default_thread_pool(make_thread_pool(4));
  }
  void TearDown() override { set_default_thread_pool(nullptr); }
};

TEST_F(ForkedPool, HasThreadsInChildAndGrandchild) {
  auto pool = make_thread_pool(3);
  ASSERT_EQ(parts_of(*pool, 3), 3);
  EXPECT_TRUE(holds_in_child([&] {
    const bool grandchild = bool(holds_in_child([&] { return parts_of(*pool, 3) == 3; }));
    bool all = parts_of(*pool, 3) == 3 && parts_of(*pool, 2) == 2;
    all = all && bool(holds_in_child([&] { return parts_of(*pool, 3) == 3; }));
    pool.reset();  // ends the child's own threads
    return all && grandchild;
  }));
  EXPECT_EQ(parts_of(*pool, 3), 3);
}

TEST_F(ForkedPool, EndsInAChildWithoutThreadsOfTheParent) {
  auto pool = make_thread_pool(3);
  EXPECT_TRUE(holds_in_child([&] {
    pool.reset();
    return parts_of(*make_thread_pool(2), 2) == 2;
  }));
}

TEST_F(ForkedPool, IsFreeInAChildWhileTheParentRuns) {
  const auto pool = make_thread_pool(3);
  struct Held {
    std::atomic<int> inside = 0;
    std::atomic<bool> leave = false;
  } held;
  std::thread runner([&] {
    const auto part = [](void* work, int, int) {
      ++static_cast<Held*>(work)->inside;
      spin_until([&] { return static_cast<Held*>(work)->leave.load(); });
    };
    pool->run(3, part, &held);
  });
  spin_until([&] { return held.inside == 3; });
  EXPECT_TRUE(holds_in_child([&] { return parts_of(*pool, 3) == 3; }));
  EXPECT_EQ(parts_of(*pool, 3), 1);
  held.leave = true;
  runner.join();
}

TEST_F(ForkedPool, TheDefaultOneCanBeHadAndSetInAChildWhileAThreadSetsIt) {
  {
    const Busy setter([] {
      set_default_thread_pool(make_thread_pool(2));
      set_default_allocator(cpu(), nullptr);
    });
    for (int child = 0; child < 40; ++child) {
      ASSERT_TRUE(holds_in_child([] {
        default_thread_pool();
        set_default_thread_pool(make_thread_pool(2));
        return parts_of(*default_thread_pool(), 2) == 2 && default_allocator(cpu()) != nullptr;
      }));
    }
  }
  set_default_thread_pool(nullptr);
}

TEST_P(ForkedModel, AnswersInManyChildrenAtOnce) {
  Model model(shared_out(GetParam()));
  const Tensor expected = model.answer();
  std::vector<pid_t> children;
  for (int child = 0; child < 4; ++child) {
    children.push_back(start_child([&] {
      Model another(by_units());  // made in the child
      another.answer();
      return identical(model.answer(), expected) && identical(model.answer(), expected);
    }));
  }
  for (const pid_t child : children) EXPECT_TRUE(ended_well(child));
  EXPECT_TRUE(identical(model.answer(), expected));
}

// The fork happens anywhere in a run of another thread, which used the session, its barriers and the pool.
TEST_P(ForkedModel, AnswersInAChildWhileAThreadOfTheParentIsInsideOfIt) {
  Model model(shared_out(GetParam()));
  const Tensor expected = model.answer();
  const Busy server([&] { model.answer(); });
  for (int child = 0; child < 25; ++child) {
    ASSERT_TRUE(holds_in_child([&] {
      if (!identical(model.answer(), expected)) return false;
      return bool(holds_in_child([&] { return bool(identical(model.answer(), expected)); }));
    }));
  }
}

INSTANTIATE_TEST_SUITE_P(SharedOut, ForkedModel, ::testing::Values("by_units", "by_rows", "on_one_thread"),
                         [](const auto& way) { return std::string(way.param); });

TEST(ForkLock, IsFreeInAChildAndAForkNeverSplitsAHolder) {
  static ForkLock outer;
  static ForkLock inner;
  static std::atomic<int> halves = 0;
  const Busy holder([] {
    const std::lock_guard first(outer);
    ++halves;
    std::this_thread::sleep_for(std::chrono::microseconds(100));
    const std::lock_guard second(inner);
    ++halves;
  });
  const Busy reader([] {
    inner.lock_shared();
    std::this_thread::sleep_for(std::chrono::microseconds(100));
    inner.unlock_shared();
  });
  for (int child = 0; child < 50; ++child) {
    ASSERT_TRUE(
        holds_in_child([] { return halves % 2 == 0 && outer.try_lock() && inner.try_lock() && !inner.try_lock(); }));
  }
}

}  // namespace
}  // namespace rondo::test
