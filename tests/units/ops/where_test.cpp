#include <limits>

#include "units/ops/ops_testing.h"

namespace rondo {
namespace {

Tensor alternating(const Shape& shape) {
  std::vector<double> elements(static_cast<std::size_t>(shape.numel()));
  for (std::size_t i = 0; i < elements.size(); ++i) elements[i] = static_cast<double>(i * i % 3 != 1);
  return Tensor::from(elements, shape).to(DType::boolean);
}

struct ShapeCase {
  Shape condition;
  Shape if_true;
  Shape if_false;
  Shape result;
};

TEST(Where, EveryDTypeLayoutAndBroadcast) {
  const std::vector<ShapeCase> cases{
      {{5, 3}, {5, 3}, {5, 3}, {5, 3}},    {{5, 1}, {5, 3}, {5, 3}, {5, 3}},
      {{5, 1}, {3}, {}, {5, 3}},           {{}, {}, {}, {}},
      {{2, 1, 1}, {4, 1}, {3}, {2, 4, 3}}, {{0, 1}, {0, 3}, {}, {0, 3}},
  };
  for (const DType dtype : {DType::f64, DType::f32, DType::f16, DType::bf16, DType::i32, DType::i64, DType::boolean}) {
    for (const ShapeCase& shapes : cases) {
      SCOPED_TRACE(to_string(dtype) + to_string(shapes.result) + " by " + to_string(shapes.condition));
      const Tensor condition = alternating(shapes.condition);
      const Tensor yes =
          dtype == DType::boolean ? alternating(shapes.if_true) : random_tensor(shapes.if_true, dtype, 1);
      const Tensor no = random_tensor(shapes.if_false, dtype, 2);
      std::vector<double> expected;
      for (std::int64_t i = 0; i < shapes.result.numel(); ++i) {
        const bool chosen = broadcast_element(elements_of(condition), shapes.condition, shapes.result, i) != 0;
        expected.push_back(chosen ? broadcast_element(elements_of(yes), shapes.if_true, shapes.result, i)
                                  : broadcast_element(elements_of(no), shapes.if_false, shapes.result, i));
      }
      for (const Layout& by : layouts_of(condition)) {
        for (const Layout& from : layouts_of(yes)) {
          expect_close(where(by.tensor, from.tensor, no), shapes.result, expected, 0);
        }
      }
    }
  }
}

TEST(Where, AnUnchosenElementNeverReachesTheResult) {
  const float infinity = std::numeric_limits<float>::infinity();
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const Tensor condition = Tensor::from<bool>({true, false, true, false}, {4});
  const Tensor yes = Tensor::from<float>({1, nan, 3, infinity}, {4});
  const Tensor no = Tensor::from<float>({nan, 2, -infinity, 4}, {4});
  EXPECT_EQ(where(condition, yes, no).to_vector<float>(), (std::vector<float>{1, 2, 3, 4}));
}

}  // namespace
}  // namespace rondo
