#include "cpu/ops/gemm.h"

#include "rondo/vocabulary/error.h"
#include "support/expect_error.h"
#include "units/ops/ops_testing.h"

namespace rondo {
namespace {

using test::expect_error;

constexpr std::int64_t kM = 5;
constexpr std::int64_t kN = 7;
constexpr std::int64_t kK = 3;
constexpr std::int64_t kGap = 4;  // elements between rows, outside of the matrix

template <typename Real>
struct Gemm : testing::Test {
  // A rows x cols matrix whose element (i, j) is 10 i + j + first, stored by rows or by columns, with gaps.
  std::vector<Real> stored(std::int64_t rows, std::int64_t cols, int first) {
    std::vector<Real> memory(static_cast<std::size_t>(rows * (cols + kGap)), Real{-1});
    for (std::int64_t i = 0; i < rows; ++i) {
      for (std::int64_t j = 0; j < cols; ++j) {
        memory[static_cast<std::size_t>(i * (cols + kGap) + j)] = static_cast<Real>(10 * i + j + first);
      }
    }
    return memory;
  }

  std::vector<Real> c_memory = stored(kM, kN, 100);
  MatrixView<Real> c{c_memory.data(), kM, kN, kN + kGap};
};
using Reals = testing::Types<float, double>;
TYPED_TEST_SUITE(Gemm, Reals);

TYPED_TEST(Gemm, OverwritesOrAccumulatesInsideTheMatrixAlone) {
  using Real = TypeParam;
  const std::vector<Real> a_memory = this->stored(kM, kK, 1);
  const std::vector<Real> b_memory = this->stored(kK, kN, 2);
  const MatrixView<const Real> a{a_memory.data(), kM, kK, kK + kGap};
  const MatrixView<const Real> b{b_memory.data(), kK, kN, kN + kGap};
  for (const GemmMode mode : {GemmMode::accumulate, GemmMode::overwrite, GemmMode::accumulate}) {
    std::vector<Real> expected = this->c_memory;
    for (std::int64_t i = 0; i < kM; ++i) {
      for (std::int64_t j = 0; j < kN; ++j) {
        Real& sum = expected[static_cast<std::size_t>(i * (kN + kGap) + j)];
        if (mode == GemmMode::overwrite) sum = 0;
        for (std::int64_t k = 0; k < kK; ++k) sum += static_cast<Real>((10 * i + k + 1) * (10 * k + j + 2));
      }
    }
    gemm(a, b, this->c, mode);
    EXPECT_EQ(this->c_memory, expected);
  }
}

TYPED_TEST(Gemm, TakesTransposedOperands) {
  using Real = TypeParam;
  const std::vector<Real> a_memory = this->stored(kK, kM, 1);
  const std::vector<Real> b_memory = this->stored(kN, kK, 2);
  gemm(transposed(MatrixView<const Real>{a_memory.data(), kK, kM, kM + kGap}),
       transposed(MatrixView<const Real>{b_memory.data(), kN, kK, kK + kGap}), this->c);
  for (std::int64_t i = 0; i < kM; ++i) {
    for (std::int64_t j = 0; j < kN; ++j) {
      Real sum = 0;
      for (std::int64_t k = 0; k < kK; ++k) sum += static_cast<Real>((10 * k + i + 1) * (10 * j + k + 2));
      EXPECT_EQ(this->c_memory[static_cast<std::size_t>(i * (kN + kGap) + j)], sum) << i << ", " << j;
    }
  }
}

TYPED_TEST(Gemm, NothingToSumGivesZerosOrLeavesWhatIsThere) {
  using Real = TypeParam;
  const MatrixView<const Real> a{nullptr, kM, 0, 0};
  const MatrixView<const Real> b{nullptr, 0, kN, kN};
  const std::vector<Real> before = this->c_memory;
  gemm(a, b, this->c, GemmMode::accumulate);
  EXPECT_EQ(this->c_memory, before);
  gemm(a, b, this->c);
  EXPECT_EQ(this->c_memory[0], Real{0});
  EXPECT_EQ(this->c_memory[kN - 1], Real{0});
  EXPECT_EQ(this->c_memory[kN], Real{-1});
}

TYPED_TEST(Gemm, SaysWhatItCannotTake) {
  using Real = TypeParam;
  const std::vector<Real> memory(100, Real{1});
  const MatrixView<const Real> a{memory.data(), kM, kK, kK};
  const MatrixView<const Real> b{memory.data(), kK, kN, kN};
  const MatrixView<const Real> gaps_both_ways{memory.data(), kM, kK, 10, 2};
  const MatrixView<const Real> overlapping{memory.data(), kM, kK, 0, 1};
  expect_error<ValueError>([&] { gemm(a, a, this->c); },
                           "gemm: got 5 x 3 with strides 3 and 1 by 5 x 3 with strides 3 and 1 into 5 x 7 with "
                           "strides 11 and 1, expected (M, K) by (K, N) into (M, N)");
  expect_error<ValueError>([&] { gemm(gaps_both_ways, b, this->c); },
                           "gemm: got 5 x 3 with strides 10 and 2, expected an axis of stride 1 and lines without "
                           "overlap");
  EXPECT_THROW(gemm(overlapping, b, this->c), ValueError);
  const MatrixView<Real> column_major{this->c_memory.data(), kM, kN, 1, kM};
  EXPECT_THROW(gemm(a, b, column_major), ValueError);
}

}  // namespace
}  // namespace rondo
