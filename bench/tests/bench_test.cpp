#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>

#include "program/point.h"
#include "program/problem.h"
#include "program/statistics.h"
#include "rondo/ops/ops.h"
#include "rondo/vocabulary/error.h"

namespace rondo::bench {
namespace {

TEST(Statistics, QuantilesLieBetweenNeighbours) {
  const Spread spread = spread_of({50, 10, 40, 20, 30});
  EXPECT_DOUBLE_EQ(spread.median, 30);
  EXPECT_DOUBLE_EQ(spread.p10, 14);
  EXPECT_DOUBLE_EQ(spread.p90, 46);
  EXPECT_DOUBLE_EQ(spread.least, 10);
  EXPECT_DOUBLE_EQ(spread_of({1, 2}).median, 1.5);
  EXPECT_DOUBLE_EQ(spread_of({7}).p90, 7);
}

TEST(RelativeDifference, IsOfTheNorms) {
  EXPECT_DOUBLE_EQ(relative_difference({3, 4}, {3, 4}), 0);
  EXPECT_DOUBLE_EQ(relative_difference({3, 5}, {3, 4}), 0.2);
  EXPECT_DOUBLE_EQ(relative_difference({0, 0}, {0, 0}), 0);
}

TEST(RelativeDifference, OfANaNIsInfinite) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  EXPECT_TRUE(std::isinf(relative_difference({nan, 4}, {3, 4})));
  EXPECT_TRUE(std::isinf(relative_difference({3, 4}, {nan, 4})));
}

Point small_point(Variant variant) {
  return {.set = "test",
          .cell = {.kind = CellKind::gru, .units = 4},
          .B = 3,
          .T = 8,
          .I = 2,
          .arithmetic = {DType::bf16, MatrixMath::strict},
          .variant = variant};
}

Problem problem_of(const Point& point, std::size_t cache = std::size_t{1} << 20) {
  DeviceProperties device = properties_of(cpu());
  device.l2_bytes = cache;
  return make_problem(point, device, 1);
}

TEST(Problem, HasTheTensorsOfItsVariant) {
  const Problem plain = problem_of(small_point(Variant::plain));
  EXPECT_EQ(plain.weights.bias->shape(), (Shape{2, 12}));
  EXPECT_EQ(plain.sets.size(), 4U);
  EXPECT_EQ(plain.sets[0].y->shape(), (Shape{8, 3, 4}));
  EXPECT_EQ(plain.sets[0].x.dtype(), DType::bf16);
  EXPECT_FALSE(plain.sets[0].mask || plain.sets[0].lengths || plain.sets[0].last_output);

  EXPECT_EQ(problem_of(small_point(Variant::holes)).sets[0].mask->shape(), (Shape{8, 3}));
  const Problem packed = problem_of(small_point(Variant::packed));
  EXPECT_EQ(packed.sets[0].x.size(0), packed.sets[0].y->size(0));
  EXPECT_EQ(sum(packed.sets[0].batch_sizes->to(DType::f32)).item(), static_cast<double>(packed.sets[0].x.size(0)));
  EXPECT_EQ(problem_of(small_point(Variant::resets)).sets[0].resets->shape(), (Shape{8, 3}));
  const Problem ragged = problem_of(small_point(Variant::ragged));
  EXPECT_EQ(ragged.spec.rules.dead, DeadOutput::zeros);
  for (const std::int32_t length : ragged.sets[0].lengths->to_vector<std::int32_t>()) {
    EXPECT_GE(length, 2);
    EXPECT_LE(length, 8);
  }
  EXPECT_EQ(problem_of(small_point(Variant::reversed)).spec.rules.read, ReadOrder::reversed);
  const Problem batch_major = problem_of(small_point(Variant::batch_major));
  EXPECT_EQ(batch_major.sets[0].x.strides(), (Strides{2, 16, 1}));
  EXPECT_EQ(batch_major.sets[0].y->strides(), (Strides{4, 32, 1}));
  const Problem last = problem_of(small_point(Variant::last_output));
  EXPECT_EQ(last.sets[0].last_output->shape(), (Shape{3, 4}));
  EXPECT_FALSE(last.sets[0].y);
}

TEST(Problem, DataAreRandomAndInTurns) {
  const Problem problem = problem_of(small_point(Variant::plain));
  const std::vector<float> first = problem.sets[0].x.to(DType::f32).to_vector<float>();
  EXPECT_NE(first, problem.sets[1].x.to(DType::f32).to_vector<float>());
  EXPECT_NE(first[0], first[1]);
  for (const float weight : problem.weights.kernel.to(DType::f32).to_vector<float>()) EXPECT_LE(std::abs(weight), 0.5F);
}

// A set has 8 steps of 3 rows of 2 inputs and 4 units, of 2 bytes each: 288 bytes.
TEST(Problem, HasAsManySetsAsLeaveTheCaches) {
  EXPECT_EQ(problem_of(small_point(Variant::plain), 100).sets.size(), 1U);
  EXPECT_EQ(problem_of(small_point(Variant::plain), 200).sets.size(), 2U);
  EXPECT_EQ(problem_of(small_point(Variant::plain), 2000).sets.size(), 4U);
}

TEST(Problem, UnwrittenElementsShow) {
  const Problem problem = problem_of(small_point(Variant::plain));
  poison(problem.sets[0]);
  problem.sets[0].y->slice(0, 0, 7).fill(1.0);  // all but the last step
  const std::vector<float> output = sample(problem.sets[0]);
  EXPECT_EQ(output.size(), 3U * 3U * 4U);
  EXPECT_TRUE(std::isinf(relative_difference(output, std::vector<float>(output.size(), 1.0F))));
}

class PointFile : public ::testing::Test {
 protected:
  std::vector<Point> load(const std::string& text) {
    std::ofstream(folder_ / "mine.json") << text;
    return load_points(folder_, "mine");
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

 private:
  std::filesystem::path folder_ = [] {
    std::string name = (std::filesystem::temp_directory_path() / "rondo_bench_XXXXXX").string();
    return std::filesystem::path(mkdtemp(name.data()));
  }();
};

TEST_F(PointFile, ListsStandForAllCombinationsEachOnce) {
  const auto points = load(
      R"({"points": [{"cell": "gru", "H": [4, 8], "T": 5, "B": [1, 2], "math": "f16"}, {"cell": "gru", "H": 4, "I": 4,
          "T": 5, "B": 1, "math": "f16"}]})");
  ASSERT_EQ(points.size(), 4U);
  EXPECT_EQ(points[3].id(), "gru/H8/B2/T5/I8/f16/plain");
}

TEST_F(PointFile, EveryArithmeticHasAName) {
  const auto points = load(R"({"points": [{"cell": "lstm", "H": 4, "T": 5, "B": 1,
                                           "math": ["f32", "tf32", "tf32x3", "bf16", "f16"]}]})");
  ASSERT_EQ(points.size(), 5U);
  EXPECT_EQ(points[2].id(), "lstm/H4/B1/T5/I4/tf32x3/plain");
  const RecurrenceSpec spec = points[2].spec(cpu());
  EXPECT_EQ(spec.dtype, DType::f32);
  EXPECT_EQ(spec.math, MatrixMath::tf32x3);
}

TEST_F(PointFile, MistakesAreNamed) {
  EXPECT_THROW(load("{"), ValueError);
  EXPECT_THROW(load(R"({"points": [{"cell": "lstm", "H": 4, "T": 5}]})"), ValueError);
  EXPECT_THROW(load(R"({"points": [{"cell": "lstm", "H": 4, "T": 5, "B": 0}]})"), ValueError);
  EXPECT_THROW(load(R"({"points": [{"cell": "rnn", "H": 4, "T": 5, "B": 1}]})"), ValueError);
  EXPECT_THROW(load(R"({"points": [{"cell": "lstm", "H": 4, "T": 5, "B": 1, "size": 2}]})"), ValueError);
  EXPECT_THROW(load(R"({"points": [{"cell": "lstm", "H": 4, "T": 5, "B": 1, "math": "f8"}]})"), ValueError);
}

}  // namespace
}  // namespace rondo::bench
