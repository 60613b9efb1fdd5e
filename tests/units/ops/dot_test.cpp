#include "units/ops/ops_testing.h"

namespace rondo {
namespace {

// dot(a, b)[i..., j..., n] = sum_k a[i..., k] b[j..., k, n], where a vector b has neither j nor n.
std::vector<double> reference(const Tensor& a, const Tensor& b) {
  const std::vector<double> left = elements_of(a);
  const std::vector<double> right = elements_of(b);
  const std::int64_t inner = a.size(-1);
  const std::int64_t last = b.rank() == 1 ? 1 : b.size(-1);
  const std::int64_t before = b.numel() / (inner * last);
  std::vector<double> result;
  for (std::int64_t i = 0; i < a.numel() / inner; ++i) {
    for (std::int64_t j = 0; j < before; ++j) {
      for (std::int64_t n = 0; n < last; ++n) {
        double sum = 0;
        for (std::int64_t k = 0; k < inner; ++k) {
          sum += left[static_cast<std::size_t>(i * inner + k)] *
                 right[static_cast<std::size_t>((j * inner + k) * last + n)];
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
  Shape result;
};

TEST(Dot, EveryDTypeLayoutAndRank) {
  const std::vector<ShapeCase> cases{
      {{3, 5}, {5, 4}, {3, 4}},
      {{2, 3, 5}, {5, 4}, {2, 3, 4}},
      {{5}, {5, 4}, {4}},
      {{3, 5}, {5}, {3}},
      {{5}, {5}, {}},
      {{2, 3, 5}, {5}, {2, 3}},
      {{2, 3}, {4, 3, 5}, {2, 4, 5}},  // the example of keras.backend.dot
      {{2, 6, 3}, {4, 7, 3, 5}, {2, 6, 4, 7, 5}},
      {{3}, {4, 3, 5}, {4, 5}},
  };
  for (const auto& [dtype, tolerance] : kFloats) {
    for (const ShapeCase& shapes : cases) {
      const Tensor a = random_tensor(shapes.a, dtype, 1);
      const Tensor b = random_tensor(shapes.b, dtype, 2);
      for (const Layout& left : layouts_of(a)) {
        for (const Layout& right : layouts_of(b)) {
          SCOPED_TRACE(describe(a) + " " + left.name + " by " + describe(b) + " " + right.name);
          expect_close(dot(left.tensor, right.tensor), shapes.result, reference(a, b), 20 * tolerance);
        }
      }
    }
  }
}

TEST(Dot, EmptySizes) {
  const auto zeros = [](const Shape& shape) { return Tensor::zeros(shape, DType::f32); };
  EXPECT_EQ(dot(zeros({0, 3}), zeros({3, 4})).shape(), (Shape{0, 4}));
  EXPECT_EQ(dot(zeros({2, 0, 3}), zeros({3, 4})).shape(), (Shape{2, 0, 4}));
  EXPECT_EQ(dot(zeros({2, 0}), zeros({0, 2})).to_vector<float>(), (std::vector<float>{0, 0, 0, 0}));
  EXPECT_EQ(dot(zeros({2, 0}), zeros({3, 0, 1})).to_vector<float>(), (std::vector<float>(6, 0)));
}

}  // namespace
}  // namespace rondo
