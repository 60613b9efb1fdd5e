#include <limits>

#include "units/ops/ops_testing.h"

namespace rondo {
namespace {

// A triple loop in double over every pair of matrices that broadcasting makes.
std::vector<double> reference(const Tensor& a, const Tensor& b, const Shape& batch) {
  const std::int64_t rows = a.size(-2);
  const std::int64_t inner = a.size(-1);
  const std::int64_t columns = b.size(-1);
  Shape shape = batch.insert(batch.rank(), rows);
  shape = shape.insert(shape.rank(), 1);
  const auto with_last = [&](std::int64_t before_last, std::int64_t last) {
    shape[-2] = before_last;
    shape[-1] = last;
    return shape;
  };
  const std::vector<double> left = elements_of(a);
  const std::vector<double> right = elements_of(b);
  std::vector<double> result;
  for (std::int64_t m = 0; m < batch.numel(); ++m) {
    for (std::int64_t i = 0; i < rows; ++i) {
      for (std::int64_t j = 0; j < columns; ++j) {
        double sum = 0;
        for (std::int64_t k = 0; k < inner; ++k) {
          sum += broadcast_element(left, a.shape(), with_last(rows, inner), (m * rows + i) * inner + k) *
                 broadcast_element(right, b.shape(), with_last(inner, columns), (m * inner + k) * columns + j);
        }
        result.push_back(sum);
      }
    }
  }
  return result;
}

struct ShapeCase {
  Shape a;
  Shape b;
  Shape batch;
};

const std::vector<ShapeCase> kShapes{
    {{1, 1}, {1, 1}, {}},               // the smallest
    {{2, 3}, {3, 4}, {}},               //
    {{1, 17}, {17, 5}, {}},             // one row
    {{5, 17}, {17, 1}, {}},             // one column
    {{7, 1}, {1, 9}, {}},               // an outer product
    {{17, 33}, {33, 19}, {}},           // tails everywhere
    {{2, 3, 5}, {5, 4}, {2}},           // weights
    {{2, 3, 5}, {2, 5, 4}, {2}},        // a batch
    {{3, 5}, {2, 5, 4}, {2}},           // one matrix by a batch
    {{2, 1, 3, 5}, {6, 5, 4}, {2, 6}},  // batches that broadcast
    {{1, 3, 5}, {2, 5, 4}, {2}},        //
    {{0, 3}, {3, 4}, {}},               // no rows
    {{2, 0}, {0, 4}, {}},               // nothing to sum: zeros
    {{2, 3}, {3, 0}, {}},               // no columns
    {{0, 2, 3}, {0, 3, 4}, {0}},        // no batch
    {{2, 3, 0}, {2, 0, 4}, {2}},        //
};

TEST(Matmul, EveryDTypeLayoutAndShape) {
  for (const auto& [dtype, tolerance] : kFloats) {
    for (const ShapeCase& shapes : kShapes) {
      const Tensor a = random_tensor(shapes.a, dtype, 1);
      const Tensor b = random_tensor(shapes.b, dtype, 2);
      const Shape rows = shapes.batch.insert(shapes.batch.rank(), a.size(-2));
      const std::vector<double> expected = reference(a, b, shapes.batch);
      for (const Layout& left : layouts_of(a)) {
        for (const Layout& right : layouts_of(b)) {
          SCOPED_TRACE(describe(a) + " " + left.name + " by " + describe(b) + " " + right.name);
          const Tensor product = matmul(left.tensor, right.tensor);
          EXPECT_EQ(product.dtype(), dtype);
          // Sums of up to 33 products of up to 16 may cancel to zero.
          expect_close(product, rows.insert(rows.rank(), b.size(-1)), expected, 30 * tolerance);
        }
      }
    }
  }
}

// Products and sums are held in f32, and only the final sum is rounded to 16 bits.
TEST(Matmul, SixteenBitFloatsRoundOnce) {
  for (const DType dtype : {DType::f16, DType::bf16}) {
    const Tensor a = random_tensor({9, 40}, dtype, 3);
    const Tensor b = random_tensor({40, 6}, dtype, 4);
    EXPECT_EQ(elements_of(matmul(a, b)), elements_of(matmul(a.to(DType::f32), b.to(DType::f32)).to(dtype)));
  }
}

TEST(Matmul, RepeatedRowsAndColumns) {
  const Tensor row = Tensor::from<float>({1, 2, 3}, {3});
  const Tensor repeated = row.broadcast_to({2, 3});
  const Tensor product = matmul(repeated, repeated.transpose({1, 0}));
  EXPECT_EQ(product.to_vector<float>(), (std::vector<float>{14, 14, 14, 14}));
}

TEST(Matmul, NaNAndInfinityAreNotMultipliedAway) {
  for (const auto& [dtype, tolerance] : kFloats) {
    const double infinity = std::numeric_limits<double>::infinity();
    const Tensor b = Tensor::full({1, 2}, infinity, dtype);
    const Tensor product = matmul(Tensor::from<double>({0, 1}, {2, 1}).to(dtype), b);
    const double nan = std::numeric_limits<double>::quiet_NaN();
    expect_close(product, {2, 2}, {nan, nan, infinity, infinity}, tolerance);
  }
}

TEST(Matmul, RepeatsBitwise) {
  const Tensor a = random_tensor({33, 129}, DType::f32, 5);
  const Tensor b = random_tensor({129, 65}, DType::f32, 6);
  EXPECT_EQ(matmul(a, b).to_vector<float>(), matmul(a, b).to_vector<float>());
}

}  // namespace
}  // namespace rondo
