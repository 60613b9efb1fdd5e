// Products by the tensor cores' instructions, in the layouts of mma_tile.h, against loops over row-major matrices.

#include "cuda/device/mma.cuh"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "cuda/device/collectives.cuh"
#include "cuda/device/launch.cuh"
#include "device/simt/heap_block.h"
#include "support/expect_error.h"
#include "support/random.h"

namespace rondo::test {
namespace {

using device::kTileColumns;
using device::kTileRows;
using device::kTileWords;
using device::Tf32;

constexpr int kTiles = 5;  // tiles along k, one after the other
constexpr unsigned kWarps = 3;

/// How many numbers a word has, and how a word is made of them.
template <typename Element>
struct Words {
  static constexpr int kNumbers = 2;
  static std::uint32_t word(const float* numbers) {
    return Element(numbers[0]).bits | static_cast<std::uint32_t>(Element(numbers[1]).bits) << 16;
  }
  static float rounded(float number) { return static_cast<float>(Element(number)); }
};
template <>
struct Words<Tf32> {
  static constexpr int kNumbers = 1;
  static std::uint32_t word(const float* numbers) { return device::round_to_tf32(numbers[0]); }
  static float rounded(float number) { return std::bit_cast<float>(device::round_to_tf32(number)); }
};

/// sums (warps, 16, 8) += a (warps, 16, words) times the transpose of b (warps, 8, words).
template <typename Element>
__global__ void mma_kernel(const std::uint32_t* a, const std::uint32_t* b, float* sums) {
  constexpr unsigned kWords = kTiles * kTileWords;
  const unsigned warp = device::thread_index().x / device::kWarpLanes;
  const unsigned r = device::lane() / 4;
  const unsigned w = device::lane() % 4;
  const std::uint32_t* a_row = a + (warp * kTileRows + r) * kWords;
  const std::uint32_t* b_row = b + (warp * kTileColumns + r) * kWords;
  float* sum = sums + (warp * kTileRows + r) * kTileColumns + 2 * w;
  float own[4] = {sum[0], sum[1], sum[8 * kTileColumns], sum[8 * kTileColumns + 1]};
  for (unsigned tile = 0; tile < kWords; tile += kTileWords) {
    const std::uint32_t* low = a_row + tile + w;
    const std::uint32_t* high = low + 8 * kWords;
    const std::uint32_t* column = b_row + tile + w;
    device::mma(Element{}, {low[0], high[0], low[4], high[4]}, {column[0], column[4]}, own);
  }
  for (unsigned i = 0; i < 4; ++i) sum[i / 2 * 8 * kTileColumns + i % 2] = own[i];
}

/// Random numbers in rows of words.
template <typename Element>
class Matrix {
 public:
  Matrix(unsigned rows, Random& random) : words_(std::int64_t{rows} * kTiles * kTileWords) {
    numbers_.resize(words_.elements().size() * kNumbers);
    for (float& number : numbers_) number = static_cast<float>(random.uniform(-2, 2));
    for (std::size_t i = 0; i < words_.elements().size(); ++i) {
      words_.data()[i] = Words<Element>::word(&numbers_[i * kNumbers]);
    }
  }
  const std::uint32_t* words() const { return words_.data(); }
  double operator()(unsigned row, unsigned k) const {
    return Words<Element>::rounded(numbers_[row * kTiles * kTileWords * kNumbers + k]);
  }

 private:
  static constexpr std::size_t kNumbers = Words<Element>::kNumbers;
  HeapBlock<std::uint32_t> words_;
  std::vector<float> numbers_;
};

/// One number of the result: rounded to float after each tile.
template <typename Element>
float expected_sum(const Matrix<Element>& a, unsigned row, const Matrix<Element>& b, unsigned column, float before) {
  constexpr unsigned kDepth = kTileWords * Words<Element>::kNumbers;
  for (unsigned tile = 0; tile < kTiles; ++tile) {
    double sum = before;
    for (unsigned k = tile * kDepth; k < (tile + 1) * kDepth; ++k) sum += a(row, k) * b(column, k);
    before = static_cast<float>(sum);
  }
  return before;
}

template <typename Element>
void expect_plain_product(std::uint64_t seed) {
  SCOPED_TRACE("seed " + std::to_string(seed));
  const simt::ShuffledSchedule schedule(seed);
  Random random(seed);
  const Matrix<Element> a(kWarps * kTileRows, random);
  const Matrix<Element> b(kWarps * kTileColumns, random);
  const HeapBlock<float> sums(kWarps * kTileRows * kTileColumns);
  for (float& sum : sums.elements()) sum = static_cast<float>(random.uniform(-2, 2));
  const std::vector<float> before(sums.elements().begin(), sums.elements().end());
  device::launch(mma_kernel<Element>, {.block = {kWarps * device::kWarpLanes}}, a.words(), b.words(), sums.data());
  for (unsigned i = 0; i < sums.elements().size(); ++i) {
    const unsigned row = i / kTileColumns;
    const unsigned column = row / kTileRows * kTileColumns + i % kTileColumns;
    ASSERT_EQ(sums[i], expected_sum(a, row, b, column, before[i])) << "row " << row << " column " << column;
  }
}

TEST(Mma, IsThePlainProduct) {
  for (std::uint64_t seed = 0; seed < 5; ++seed) {
    expect_plain_product<Float16>(seed);
    expect_plain_product<BFloat16>(seed);
    expect_plain_product<Tf32>(seed);
  }
}

TEST(Mma, RefusesWhatTheHardwareDoesNotTake) {
  const auto multiply = [](float number) {
    const std::uint32_t word = std::bit_cast<std::uint32_t>(number);
    float sums[4] = {};
    device::mma(Tf32{}, {word, word, word, word}, {word, word}, sums);
  };
  expect_words<std::logic_error>([&] { simt::run_grid({.block = {32}}, [&] { multiply(1.0001F); }); }, {"not rounded"});
  expect_words<std::logic_error>([&] { simt::run_grid({.block = {40}}, [&] { multiply(1.0F); }); }, {"all lanes", "8"});
  simt::run_grid({.block = {64}}, [&] { multiply(1.0F); });
  simt::run_grid({.block = {64}}, [&] { multiply(std::numeric_limits<float>::quiet_NaN()); });
}

constexpr unsigned kRowWords = 12;  // a row of a matrix has 4 of them

/// received (32, kCount): the lanes' words of matrices whose rows lie in shared memory from the last to the first.
template <int kCount>
__global__ void load_matrices_kernel(std::uint32_t* received) {
  auto* shared = reinterpret_cast<std::uint32_t*>(device::shared_memory());
  const unsigned lane = device::lane();
  constexpr unsigned kRows = 8 * kCount;
  for (unsigned i = lane; i < kRows * kRowWords; i += device::kWarpLanes) shared[i] = i;
  device::block_barrier();
  std::uint32_t words[kCount];
  const std::uint32_t* row = lane < kRows ? shared + (kRows - 1 - lane) * kRowWords + 4 : nullptr;
  device::load_matrices(row, words);
  for (unsigned i = 0; i < kCount; ++i) received[lane * kCount + i] = words[i];
}

template <int kCount>
void expect_matrices() {
  constexpr unsigned kRows = 8 * kCount;
  for (std::uint64_t seed = 0; seed < 5; ++seed) {
    const simt::ShuffledSchedule schedule(seed);
    const HeapBlock<std::uint32_t> received(32 * kCount);
    device::launch(load_matrices_kernel<kCount>,
                   {.block = {32}, .shared_bytes = kRows * kRowWords * sizeof(std::uint32_t)}, received.data());
    for (unsigned lane = 0; lane < 32; ++lane) {
      for (unsigned i = 0; i < kCount; ++i) {
        const unsigned row = 8 * i + lane / 4;
        EXPECT_EQ(received[lane * kCount + i], (kRows - 1 - row) * kRowWords + 4 + lane % 4) << lane << " " << i;
      }
    }
  }
}

TEST(LoadMatrices, GivesEachLaneItsWords) {
  expect_matrices<2>();
  expect_matrices<4>();
}

__global__ void load_from_kernel(const std::byte* place, unsigned offset) {
  std::uint32_t words[2];
  device::load_matrices((place == nullptr ? device::shared_memory() : place) + offset, words);
}

TEST(LoadMatrices, RefusesOtherMemoryAndOddPlaces) {
  const device::LaunchConfig config{.block = {32}, .shared_bytes = 64};
  const HeapBlock<std::byte> other(64);
  for (std::byte& byte : other.elements()) byte = std::byte{0};
  constexpr const std::byte* kShared = nullptr;
  device::launch(load_from_kernel, config, kShared, 48U);
  expect_words<std::logic_error>([&] { device::launch(load_from_kernel, config, kShared, 8U); }, {"multiple of 16"});
  const auto* outside = static_cast<const std::byte*>(other.data());
  expect_words<std::logic_error>([&] { device::launch(load_from_kernel, config, outside, 0U); }, {"not in shared"});
}

TEST(RoundToTf32, RoundsToNearestAndTiesAwayFromZero) {
  const auto round = [](double number) {
    return static_cast<double>(std::bit_cast<float>(device::round_to_tf32(static_cast<float>(number))));
  };
  for (const double sign : {1.0, -1.0}) {
    EXPECT_EQ(round(sign * 1.5), sign * 1.5);
    EXPECT_EQ(round(sign * (1 + 0x1p-10)), sign * (1 + 0x1p-10));
    EXPECT_EQ(round(sign * (1 + 0x1p-11)), sign * (1 + 0x1p-10));  // a tie, rounded to an odd number
    EXPECT_EQ(round(sign * (1 + 0x3p-11)), sign * (1 + 0x1p-9));   // a tie, rounded to an even number
    EXPECT_EQ(round(sign * (1 + 0x1p-11 - 0x1p-23)), sign);        // just below a tie
    EXPECT_EQ(round(sign * (2 - 0x1p-23)), sign * 2);              // into the next exponent
    EXPECT_EQ(round(sign * 0x1p-149), 0.0);                        // the least subnormal number
    EXPECT_EQ(round(sign * 0x1p-136), sign * 0x1p-136);            // the least subnormal number of TF32
    EXPECT_EQ(round(sign * 0x1p-137), sign * 0x1p-136);            // half of that number
    EXPECT_EQ(round(sign * std::numeric_limits<float>::max()), sign * std::numeric_limits<double>::infinity());
    EXPECT_EQ(round(sign * std::numeric_limits<double>::infinity()), sign * std::numeric_limits<double>::infinity());
    EXPECT_EQ(device::round_to_tf32(static_cast<float>(std::copysign(std::nan(""), sign))), 0x7fffffffU);
  }
  EXPECT_EQ(device::round_to_tf32(std::bit_cast<float>(0x7f800001U)), 0x7fffffffU);
  EXPECT_EQ(device::round_to_tf32(-0.0F), 0x80000000U);
}

}  // namespace
}  // namespace rondo::test
