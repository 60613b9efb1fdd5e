// Ops that use oneDNN, in children of fork().

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include "cpu/ops/onednn_fork.h"
#include "rondo/ops/ops.h"
#include "support/child.h"
#include "support/compare.h"
#include "support/random.h"

namespace rondo::test {
namespace {

/// Results that oneDNN computes, on several threads where the machine has them.
std::vector<Tensor> onednn_results(std::int64_t size) {
  Random random(3);
  const Tensor a = random.tensor({4 * size, 4 * size}, 1);
  const Tensor image = random.tensor({2, size, size, 16}, 1);
  return {matmul(a, a), convolution(image, random.tensor({3, 3, 16, 16}, 1))};
}

bool same(const std::vector<Tensor>& actual, const std::vector<Tensor>& expected) {
  return identical(actual[0], expected[0]) && identical(actual[1], expected[1]);
}

TEST(ForkedOps, GiveTheSameInAChild) {
  const std::vector<Tensor> expected = onednn_results(60);
  EXPECT_TRUE(holds_in_child([&] {
    if (!same(onednn_results(60), expected)) return false;
    return bool(holds_in_child([&] { return same(onednn_results(60), expected); }));
  }));
  EXPECT_TRUE(same(onednn_results(60), expected));
}

TEST(ForkedOps, GiveTheSameInAChildWhileAThreadOfTheParentMeetsNewShapes) {
  const std::vector<Tensor> expected = onednn_results(21);
  std::atomic<std::int64_t> size = 5;
  const Busy server([&] { onednn_results(5 + ++size % 90); });
  for (int child = 0; child < 25; ++child) {
    ASSERT_TRUE(holds_in_child([&] {
      onednn_results(100);  // a size that is new to all threads
      return same(onednn_results(21), expected);
    }));
  }
}

// Holds the lock as fork() does, long enough that an op without the lock shows.
TEST(ForkedOps, BeginWhenAForkIsOver) {
  for (const bool convolves : {false, true}) {
    std::atomic<bool> done = false;
    onednn_under_way().lock();
    std::thread op([&] {
      const Tensor image = Tensor::zeros({1, 4, 4, 4}, DType::f32);
      convolves ? convolution(image, image) : matmul(image, image);
      done = true;
    });
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    EXPECT_FALSE(done) << (convolves ? "convolution" : "matmul");
    onednn_under_way().unlock();
    op.join();
    EXPECT_TRUE(done);
  }
}

}  // namespace
}  // namespace rondo::test
