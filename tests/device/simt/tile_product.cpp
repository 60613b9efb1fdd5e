#include "device/simt/tile_product.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "device/simt/grid.h"
#include "device/simt/tensor_core_rounding.h"

namespace rondo::test::simt {
namespace {

constexpr unsigned kStepWords = 4;  // words of a step; a tile has 8
constexpr int kFraction = 23;       // bits of a float's fraction
constexpr int kKeptBelow = 2;

bool truncates = false;

/// The products of a step, and the previous sum.
using Addends = std::array<double, 2 * kStepWords + 1>;

/// Rounds towards zero, to a multiple of 2^exponent.
double cut(double number, int exponent) { return std::ldexp(std::trunc(std::ldexp(number, -exponent)), exponent); }

double truncated_sum(const Addends& addends) {
  double largest = 0;
  double sum = 0;
  for (const double addend : addends) {
    largest = std::max(largest, std::abs(addend));
    sum += addend;
  }
  if (largest == 0 || !std::isfinite(sum)) return sum;
  const int unit = std::ilogb(largest) - kFraction - kKeptBelow;
  sum = 0;
  for (const double addend : addends) sum += cut(addend, unit);
  return sum == 0 ? 0 : cut(sum, std::ilogb(sum) - kFraction);
}

double rounded_later(const Addends& addends) {
  double sum = 0;
  for (const double addend : addends) sum += addend;
  return sum;
}

}  // namespace

void multiply_add_tiles(const TileOperands& operands, float (&sums)[4]) {
  const unsigned lane = running_grid->current().lane;
  const LaneGift* gifts = running_grid->exchange_in_full_warp({.operands = operands});
  for (unsigned i = 0; i < 4; ++i) {
    const unsigned half = i / 2;  // row lane / 4 + 8 half
    const unsigned column = 2 * (lane % 4) + i % 2;
    double sum = sums[i];
    for (unsigned step = 0; step < 2; ++step) {
      Addends addends{sum};
      for (unsigned word = 0; word < kStepWords; ++word) {
        const float(&a)[2] = gifts[lane / 4 * 4 + word].operands.a[half + step * 2];
        const float(&b)[2] = gifts[column * 4 + word].operands.b[step];
        addends[1 + 2 * word] = static_cast<double>(a[0]) * static_cast<double>(b[0]);
        addends[2 + 2 * word] = static_cast<double>(a[1]) * static_cast<double>(b[1]);
      }
      sum = truncates ? truncated_sum(addends) : rounded_later(addends);
    }
    sums[i] = static_cast<float>(sum);
  }
}

TruncatingTensorCores::TruncatingTensorCores() { truncates = true; }
TruncatingTensorCores::~TruncatingTensorCores() { truncates = false; }

}  // namespace rondo::test::simt
