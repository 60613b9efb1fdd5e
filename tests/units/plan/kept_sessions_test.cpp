// KeptSessions: which sessions are kept, for whom, and how many.

#include "plan/kept_sessions.h"

#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>
#include <thread>

namespace rondo::test {
namespace {

std::atomic<int> made = 0;
std::atomic<int> alive = 0;

struct Fake {
  Fake() : number(made++) { ++alive; }
  ~Fake() { --alive; }
  Fake(const Fake&) = delete;
  Fake& operator=(const Fake&) = delete;
  int number;
};

struct Key {
  struct View {
    int size;
    int weights;
  };
  int size;
  int weights;

  explicit Key(const View& view) : size(view.size), weights(view.weights) {}
  bool operator==(const Key&) const = default;
  bool operator==(const View& view) const { return size == view.size && weights == view.weights; }
  bool replaces(const Key& other) const { return weights != other.weights; }
};

class Kept : public ::testing::Test {
 protected:
  KeptSessions<Fake, Key> kept_;

  /// The number of the session that a call with this size gets.
  int call(int size, int weights = 0) {
    const auto lease = kept_.take({size, weights}, [] { return std::make_unique<Fake>(); });
    return lease->number;
  }
};

TEST_F(Kept, ACallGetsTheSessionOfTheCallBefore) {
  const int first = call(1);
  EXPECT_EQ(call(1), first);
  EXPECT_NE(call(2), first);
  EXPECT_EQ(call(1), first) << "both are kept";
}

TEST_F(Kept, CallsAtOnceGetSessionsOfTheirOwn) {
  const auto make = [] { return std::make_unique<Fake>(); };
  int second = 0;
  int first = 0;
  {
    const auto lease = kept_.take({1, 0}, make);
    first = lease->number;
    std::thread([&] { second = call(1); }).join();
  }
  EXPECT_NE(first, second);
  const int before = made;
  {
    const auto one = kept_.take({1, 0}, make);
    const auto other = kept_.take({1, 0}, make);
    EXPECT_NE(one->number, other->number);
  }
  EXPECT_EQ(made, before) << "both sessions were kept";
}

TEST_F(Kept, OfManyKeysThoseUsedLastAreKept) {
  const int before = alive;
  const int first = call(0);
  for (int size = 1; size < 8; ++size) (void)call(size);
  EXPECT_EQ(alive - before, 8);
  EXPECT_EQ(call(0), first) << "eight are kept";
  (void)call(8);
  EXPECT_EQ(alive - before, 8);
  EXPECT_EQ(call(0), first) << "it was used after size 1";
  const int count = made;
  (void)call(1);
  EXPECT_EQ(made, count + 1) << "size 1 was not used longest";
}

TEST_F(Kept, OtherWeightsDestroyTheSessionsOfTheFormerOnes) {
  const int before = alive;
  for (int size = 0; size < 3; ++size) (void)call(size, 1);
  EXPECT_EQ(alive - before, 3);
  (void)call(0, 2);
  EXPECT_EQ(alive - before, 1);
}

TEST_F(Kept, ASessionThatFailedIsNotUsedAgain) {
  const int first = call(1);
  const auto fail = [&] {
    const auto lease = kept_.take({1, 0}, [] { return std::make_unique<Fake>(); });
    EXPECT_EQ(lease->number, first);
    throw std::runtime_error("a device that is gone");
  };
  EXPECT_THROW(fail(), std::runtime_error);
  EXPECT_NE(call(1), first);
}

}  // namespace
}  // namespace rondo::test
