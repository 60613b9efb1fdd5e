// Products whose rows do not depend on each other.

#include "cpu/executors/ordered_product.h"

#include <gtest/gtest.h>

#include <vector>

#include "support/random.h"

namespace rondo::test {
namespace {

std::vector<float> random_floats(Random& random, std::int64_t count) {
  return random.tensor({count}, 1.0).to_vector<float>();
}

TEST(OrderedProduct, RowsHaveTheSameBitsInAnyCompany) {
  constexpr std::int64_t kRows = 13;
  Random random(4);
  for (const std::int64_t K : {1, 7, 500}) {
    for (const std::int64_t N : {1, 63, 64, 65, 300}) {
      const std::vector<float> matrix = random_floats(random, K * N);
      const std::vector<float> a = random_floats(random, kRows * K);
      std::vector<float> panels(static_cast<std::size_t>(OrderedProduct::panel_floats(K, N)));
      OrderedProduct::pack({matrix.data(), K, N, N}, panels.data());
      const OrderedProduct product(panels.data(), K, N);
      std::vector<float> alone(static_cast<std::size_t>(kRows * N));
      for (std::int64_t r = 0; r < kRows; ++r)
        product.multiply({a.data() + r * K, 1, K, K}, {alone.data() + r * N, 1, N, N});
      for (std::int64_t rows = 0; rows <= kRows; ++rows) {
        std::vector<float> together(static_cast<std::size_t>(kRows * N), -7);
        product.multiply({a.data(), rows, K, K}, {together.data(), rows, N, N});
        std::vector<float> expected(alone.begin(), alone.begin() + rows * N);
        expected.resize(together.size(), -7);  // nothing beyond the rows is written
        EXPECT_EQ(together, expected) << "K " << K << " N " << N << " rows " << rows;
      }
      for (std::int64_t k = 0; k < kRows * N; ++k) {
        double sum = 0;
        for (std::int64_t i = 0; i < K; ++i) sum += double{a.data()[k / N * K + i]} * matrix.data()[i * N + k % N];
        ASSERT_NEAR(alone.data()[k], sum, 1e-4);
      }
    }
  }
}

}  // namespace
}  // namespace rondo::test
