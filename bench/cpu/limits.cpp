// Measures this machine's cores: floating-point operations in registers, operations of a product whose operands are in
// the first-level cache, in f32, in pairs of bf16 and in quads of 8 bits, and bytes read from caches or memory.
// The file is compiled for the machine that runs it.

#if defined(__AVX512F__)
#include <immintrin.h>
#endif

#include <cstdint>
#include <thread>
#include <vector>

#include "cpu/peer_seconds.h"

namespace {

// A vector of 16 floats, which machines with shorter vectors hold in two or four registers.
using Vector = float __attribute__((vector_size(64)));
constexpr int kChains = 12;  // more than the latency of a multiplier times the number of multipliers
constexpr int kRounds = 5;

// Results are stored here, so that the compiler drops no computation.
volatile float sink;

double sum_of(const Vector& vector) {
  double sum = 0;
  for (int lane = 0; lane < 16; ++lane) sum += static_cast<double>(vector[lane]);
  return sum;
}

void multiply_in_registers(std::int64_t steps) {
  Vector sums[kChains];
  for (int k = 0; k < kChains; ++k) sums[k] = Vector{} + static_cast<float>(k);
  const Vector factor = Vector{} + 0.999F;
  const Vector summand = Vector{} + 0.001F;
  for (std::int64_t step = 0; step < steps; ++step) {
#pragma GCC unroll 12
    for (int k = 0; k < kChains; ++k) sums[k] = sums[k] * factor + summand;
  }
  for (const Vector& sum : sums) sink = static_cast<float>(sum_of(sum));
}

// How a product multiplies one vector of weights with an element of a row. kOperations counts a multiply-add as two.
struct Floats {
  static constexpr double kOperations = 2 * 16;
  static Vector multiply_add(Vector sum, Vector weights, float element) { return sum + weights * element; }
};

// The processor's instructions for pairs and quads, unless it has tile registers, which multiply faster.
#if defined(__AVX512BF16__) && !defined(__AMX_BF16__)
struct Bf16Pairs {
  static constexpr double kOperations = 2 * Floats::kOperations;
  static Vector multiply_add(Vector sum, Vector weights, float element) {
    const __m512 rows = _mm512_set1_ps(element);
    asm("vdpbf16ps %2, %1, %0" : "+v"(sum) : "v"(rows), "v"(weights));
    return sum;
  }
};
#endif
#if defined(__AVX512VNNI__) && !defined(__AMX_INT8__)
struct Int8Quads {
  static constexpr double kOperations = 4 * Floats::kOperations;
  static Vector multiply_add(Vector sum, Vector weights, float element) {
    const __m512 rows = _mm512_set1_ps(element);
    asm("vpdpbusd %2, %1, %0" : "+v"(sum) : "v"(weights), "v"(rows));
    return sum;
  }
};
#endif

// sums[r][v] += rows[r][k] panel[k][v], with as many sums as registers hold, and operands that stay in the first-level
// cache.
constexpr int kRows = 6;
constexpr int kVectors = 4;
constexpr int kDepth = 64;
template <typename Arithmetic>
void multiply_from_cache(std::int64_t products) {
  const std::vector<Vector> panel(kDepth * kVectors, Vector{} + 0.01F);
  const std::vector<float> rows(kRows * kDepth, 0.01F);
  Vector sums[kRows][kVectors] = {};
  for (std::int64_t product = 0; product < products; ++product) {
    for (int k = 0; k < kDepth; ++k) {
      Vector weights[kVectors];
#pragma GCC unroll 4
      for (int v = 0; v < kVectors; ++v) {
        weights[v] = panel[static_cast<std::size_t>(k * kVectors + v)];
#if defined(__AVX512F__)
        asm("" : "+v"(weights[v]));  // without this GCC loads the vector again for each row
#endif
      }
#pragma GCC unroll 6
      for (int r = 0; r < kRows; ++r) {
        const float element = rows[static_cast<std::size_t>(r * kDepth + k)];
#pragma GCC unroll 4
        for (int v = 0; v < kVectors; ++v) sums[r][v] = Arithmetic::multiply_add(sums[r][v], weights[v], element);
      }
    }
  }
  for (const auto& row : sums) {
    for (const Vector& sum : row) sink = static_cast<float>(sum_of(sum));
  }
}

// Reads back and forth: a pass begins with the data that the previous pass read last, which is still in the cache.
void read_all(const std::vector<Vector>& data, int times) {
  constexpr std::size_t kTogether = 4;
  const std::size_t groups = data.size() / kTogether;
  Vector sums[kTogether] = {};
  for (int time = 0; time < times; ++time) {
    for (std::size_t i = 0; i < groups; ++i) {
      const std::size_t first = (time % 2 == 0 ? i : groups - 1 - i) * kTogether;
#pragma GCC unroll 4
      for (std::size_t k = 0; k < kTogether; ++k) sums[k] += data[first + k];
    }
  }
  for (const Vector& sum : sums) sink = static_cast<float>(sum_of(sum));
}

// The least time, in seconds, of kRounds rounds of `work(thread)` on `threads` threads at once.
template <typename Work>
double best_seconds(int threads, Work&& work) {
  double best = 1e9;
  for (int round = 0; round < kRounds; ++round) {
    const double seconds = seconds_of(1, [&] {
      std::vector<std::thread> others;
      for (int thread = 1; thread < threads; ++thread) others.emplace_back(work, thread);
      work(0);
      for (std::thread& other : others) other.join();
    });
    best = seconds < best ? seconds : best;
  }
  return best;
}

// Operations per second that `threads` threads together do in products with operands in the first-level cache.
template <typename Arithmetic>
double product_rate(int threads) {
  constexpr std::int64_t kProducts = 150'000;
  constexpr double kOperations = Arithmetic::kOperations * kRows * kVectors * kDepth;  // of one product
  const double seconds = best_seconds(threads, [](int) { multiply_from_cache<Arithmetic>(kProducts); });
  return threads * kOperations * static_cast<double>(kProducts) / seconds;
}

}  // namespace

extern "C" {

/// Operations per second that `threads` threads together do in registers. A multiply-add is two operations.
double limits_flops(int threads) {
  constexpr std::int64_t kSteps = 20'000'000;
  const double seconds = best_seconds(threads, [](int) { multiply_in_registers(kSteps); });
  return threads * 2.0 * 16 * kChains * static_cast<double>(kSteps) / seconds;
}

/// Operations per second that `threads` threads together do in products with operands in the first-level cache.
double limits_product_f32(int threads) { return product_rate<Floats>(threads); }

/// Likewise in pairs of bf16; 0 where that is not the processor's fastest way to multiply bf16.
double limits_product_bf16([[maybe_unused]] int threads) {
#if defined(__AVX512BF16__) && !defined(__AMX_BF16__)
  return product_rate<Bf16Pairs>(threads);
#else
  return 0;
#endif
}

/// Likewise in quads of 8 bits; 0 where that is not the processor's fastest way to multiply them.
double limits_product_int8([[maybe_unused]] int threads) {
#if defined(__AVX512VNNI__) && !defined(__AMX_INT8__)
  return product_rate<Int8Quads>(threads);
#else
  return 0;
#endif
}

/// Bytes per second that `threads` threads together read. Each reads its share of `bytes` repeatedly, back and forth.
double limits_read(std::int64_t bytes, int threads) {
  const auto vectors = static_cast<std::size_t>(bytes / threads / static_cast<std::int64_t>(sizeof(Vector))) + 4;
  std::vector<std::vector<Vector>> shares(static_cast<std::size_t>(threads), std::vector<Vector>(vectors));
  const auto times = static_cast<int>(200'000'000 / bytes) + 2;
  const auto read = [&](int thread) { read_all(shares[static_cast<std::size_t>(thread)], times); };
  best_seconds(threads, read);
  return static_cast<double>(bytes) * times / best_seconds(threads, read);
}
}
