// Measures the tensor cores with operands in registers: products that wait for each other, and independent products.

#include <type_traits>

#include "cuda/device/launch.cuh"
#include "cuda/device/mma.cuh"
#include "cuda/device/thread.cuh"
#include "micro/groups.h"
#include "micro/sizes.h"

namespace rondo::bench {
namespace {

constexpr unsigned kPerChain = 8;  // products of a chain in one round
constexpr unsigned kMostThreads = 256;
constexpr unsigned kOperandWords = 6;  // words of a and b

struct Products {
  const std::uint32_t* operands;  ///< (chains, kOperandWords, kMostThreads)
  float* sink;
  unsigned rounds;
};

template <typename Number>
__device__ std::uint32_t operand(std::uint32_t word) {
  if constexpr (std::is_same_v<Number, device::Tf32>) {
    return device::round_to_tf32(__uint_as_float(word));
  } else {
    return word;
  }
}

template <typename Number, unsigned kChains>
__global__ void __launch_bounds__(kMostThreads) products_kernel(const __grid_constant__ Products products) {
  const unsigned thread = device::thread_index().x;
  std::uint32_t a[kChains][4];
  std::uint32_t b[kChains][2];
  float sums[kChains][4] = {};
  for (unsigned chain = 0; chain < kChains; ++chain) {
    const std::uint32_t* mine = products.operands + chain * kOperandWords * kMostThreads + thread;
    for (unsigned k = 0; k < 4; ++k) a[chain][k] = operand<Number>(mine[k * kMostThreads]);
    for (unsigned k = 0; k < 2; ++k) b[chain][k] = operand<Number>(mine[(4 + k) * kMostThreads]);
  }
  for (unsigned round = 0; round < products.rounds; ++round) {
    for (unsigned k = 0; k < kPerChain; ++k) {
      for (unsigned chain = 0; chain < kChains; ++chain) device::mma(Number{}, a[chain], b[chain], sums[chain]);
    }
  }
  float sum = 0;
  for (unsigned chain = 0; chain < kChains; ++chain) {
    for (const float number : sums[chain]) sum += number;
  }
  products.sink[device::block_index().x * device::block_size().x + thread] = sum;
}

/// How many numbers a word has.
template <typename Number>
constexpr int kInWord = 2;
template <>
constexpr int kInWord<device::Tf32> = 1;

template <typename Number, unsigned kChains>
void measure_chains(Workbench& bench, const char* name, unsigned warps) {
  constexpr double kFlops = 2.0 * device::kTileRows * device::kTileColumns * device::kTileWords * kInWord<Number>;
  constexpr double kTera = 1e-3;  // from per nanosecond to tera per second
  const auto processors = static_cast<unsigned>(bench.device().processors);
  const device::LaunchConfig config = bench.layout(processors, 0, warps * device::kWarpLanes);
  const auto kernel = products_kernel<Number, kChains>;
  device::prepare(kernel, config);
  const Tensor operands = bench.random_bytes(kChains * kOperandWords * kMostThreads * sizeof(std::uint32_t),
                                             kInWord<Number> == 2 ? DType::bf16 : DType::f32);
  const Tensor sink = bench.sink(config);
  const MicroCase what{
      .group = "products",
      .variant = name,
      .parameters = {{"warps", warps}, {"chains", kChains}},
      .per_round = kPerChain * kChains,
      .rates = {{"products/ns/SM", static_cast<double>(warps)}, {"TFLOP/s", kFlops * warps * processors * kTera}}};
  bench.measure(what, [&](unsigned rounds) {
    device::launch(
        kernel, config,
        Products{static_cast<const std::uint32_t*>(operands.data()), static_cast<float*>(sink.data()), rounds});
  });
}

}  // namespace

void measure_products(Workbench& bench) {
  for (const unsigned warps : {4U, 8U}) {
    for_sizes<1, 4>([&]<unsigned kChains>() {
      measure_chains<BFloat16, kChains>(bench, "bf16", warps);
      measure_chains<device::Tf32, kChains>(bench, "tf32", warps);
    });
  }
}

}  // namespace rondo::bench
