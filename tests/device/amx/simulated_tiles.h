/// Tile registers in memory, which compute what Intel's manual says of AMX's instructions ("Intel 64 and IA-32
/// Architectures Software Developer's Manual", TDPBF16PS and TDPBSSD): for machines without AMX.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>

#include "cpu/fused/kernels.h"
#include "cpu/threads/flush_denormals.h"

namespace rondo::test {

/// Registers whose rows are as long as a vector of kernels with `kWidth` lanes; AMX has 16.
template <int kWidth>
class SimulatedTiles {
 public:
  static constexpr int kLanes = kWidth;

  /// Whether the calling thread has registers.
  static bool is_configured() { return registers_.configured; }

  /// The new registers hold NaN, so that a sum that was not begun shows.
  static void configure() {
    registers_.configured = true;
    for (auto& tile : registers_.tiles) {
      for (auto& row : tile) {
        for (float& number : row) number = std::numeric_limits<float>::quiet_NaN();
      }
    }
  }

  static void release() { registers_.configured = false; }

  template <int kTile>
  static void load(const void* address, std::int64_t stride) {
    for (int m = 0; m < fused::kTileRows; ++m) std::memcpy(row<kTile>(m), at(address, m * stride), row_bytes(kTile));
  }

  template <int kTile>
  static void zero() {
    for (int m = 0; m < fused::kTileRows; ++m) std::memset(row<kTile>(m), 0, sizeof(Row));
  }

  template <int kTile>
  static void store(void* address, std::int64_t stride) {
    for (int m = 0; m < fused::kTileRows; ++m) {
      std::memcpy(const_cast<std::byte*>(at(address, m * stride)), row<kTile>(m), row_bytes(kTile));
    }
  }

  /// The first numbers of all pairs are summed from 0 in the order of k, and so are the second ones; then both sums are
  /// added, and their sum to the register of sums. All of this is in f32, rounded to the nearest even number, with
  /// denormal numbers as zero in operands and results. The manual multiplies and adds with one rounding: a product of
  /// two bf16 is exact in f32, so that two operations round as one does.
  template <int kSums, int kRows, int kWeights>
  static void multiply_bf16() {
    const FlushDenormals as_the_instruction_does;
    Numbers weights[2][fused::kTilePairs];
    for (int k = 0; k < fused::kTilePairs; ++k) {
      for (int n = 0; n < kLanes; ++n) {
        weights[0][k][n] = first_of(row<kWeights>(k)[n]);
        weights[1][k][n] = second_of(row<kWeights>(k)[n]);
      }
    }
    for (int m = 0; m < fused::kTileRows; ++m) {
      Numbers first = {};
      Numbers second = {};
      const float* const pairs = row<kRows>(m);
      for (int k = 0; k < fused::kTilePairs; ++k) {
        add(first_of(pairs[k]), weights[0][k], first);
        add(second_of(pairs[k]), weights[1][k], second);
      }
      float* const sums = row<kSums>(m);
      for (int n = 0; n < kLanes; ++n) sums[n] += first[n] + second[n];
    }
  }

  /// Quads of integers with signs: their products are exact, and so are the sums, modulo 2^32.
  template <int kSums, int kRows, int kWeights>
  static void multiply_int8() {
    for (int m = 0; m < fused::kTileRows; ++m) {
      for (int n = 0; n < kLanes; ++n) {
        std::uint32_t sum = 0;
        std::memcpy(&sum, row<kSums>(m) + n, sizeof sum);
        for (int k = 0; k < fused::kTilePairs; ++k) {
          std::int8_t x[4];
          std::int8_t w[4];
          std::memcpy(x, row<kRows>(m) + k, sizeof x);
          std::memcpy(w, row<kWeights>(k) + n, sizeof w);
          for (int i = 0; i < 4; ++i) sum += static_cast<std::uint32_t>(x[i] * w[i]);
        }
        std::memcpy(row<kSums>(m) + n, &sum, sizeof sum);
      }
    }
  }

 private:
  using Row = float[fused::kTilePairs];
  using Numbers = float[kWidth];

  struct Registers {
    bool configured = false;
    alignas(64) Row tiles[8][fused::kTileRows];
  };

  static constexpr bool has_rows(int tile) { return tile == 4 || tile == 5; }
  static constexpr std::size_t row_bytes(int tile) {
    return sizeof(float) * static_cast<std::size_t>(has_rows(tile) ? fused::kTilePairs : kLanes);
  }

  template <int kTile>
  static float* row(int m) {
    if (!registers_.configured) {
      std::fputs("a thread without tile registers uses one: a processor would stop it\n", stderr);
      std::abort();
    }
    return registers_.tiles[kTile][m];
  }

  static void add(float number, const Numbers& weights, Numbers& sums) {
    for (int n = 0; n < kLanes; ++n) sums[n] += number * weights[n];
  }

  static const std::byte* at(const void* address, std::int64_t offset) {
    return static_cast<const std::byte*>(address) + offset;
  }

  static float first_of(float pair) {
    std::uint32_t bits = 0;
    std::memcpy(&bits, &pair, sizeof bits);
    return as_float(bits << 16);
  }

  static float second_of(float pair) {
    std::uint32_t bits = 0;
    std::memcpy(&bits, &pair, sizeof bits);
    return as_float(bits & 0xFFFF0000U);
  }

  static float as_float(std::uint32_t bits) {
    float number = 0;
    std::memcpy(&number, &bits, sizeof number);
    return number;
  }

  static inline thread_local Registers registers_;
};

}  // namespace rondo::test
