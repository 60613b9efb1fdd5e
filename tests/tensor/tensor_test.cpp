#include <gtest/gtest.h>

#include "rondo/dlpack.h"
#include "rondo/nest.h"
#include "rondo/tensor.h"

namespace rondo {
namespace {

TEST(Tensor, ViewsShareElements) {
  const Tensor x = Tensor::from<float>({0, 1, 2, 3, 4, 5}, {2, 3});
  const Tensor column = x.select(1, 1);
  column.fill(9);
  EXPECT_EQ(x.to_vector<float>(), (std::vector<float>{0, 9, 2, 3, 9, 5}));
  EXPECT_EQ(x.slice(1, 2, -1, -1).to_vector<float>(), (std::vector<float>{2, 9, 0, 5, 9, 3}));
  EXPECT_EQ(x.transpose({1, 0}).reshape({6}).to_vector<float>(), (std::vector<float>{0, 3, 9, 9, 2, 5}));
}

}  // namespace
}  // namespace rondo
