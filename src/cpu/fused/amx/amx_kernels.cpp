#include "cpu/fused/amx.h"

#include "cpu/fused/amx/tile_product.h"

namespace rondo::fused {
namespace {

#if defined(__x86_64__)

/// Assembly, because the compilers' intrinsics are macros whose numbers of registers cannot be template arguments.
struct AmxRegisters {
  static constexpr int kLanes = 16;

  template <int kTile>
  static void load(const void* address, std::int64_t stride) {
    asm volatile("tileloadd (%0,%1,1), %%tmm%c2" : : "r"(address), "r"(stride), "i"(kTile) : "memory");
  }

  template <int kTile>
  static void zero() {
    asm volatile("tilezero %%tmm%c0" : : "i"(kTile));
  }

  template <int kTile>
  static void store(void* address, std::int64_t stride) {
    asm volatile("tilestored %%tmm%c2, (%0,%1,1)" : : "r"(address), "r"(stride), "i"(kTile) : "memory");
  }

  template <int kSums, int kRows, int kWeights>
  static void multiply_bf16() {
    asm volatile("tdpbf16ps %%tmm%c2, %%tmm%c1, %%tmm%c0" : : "i"(kSums), "i"(kRows), "i"(kWeights));
  }

  template <int kSums, int kRows, int kWeights>
  static void multiply_int8() {
    asm volatile("tdpbssd %%tmm%c2, %%tmm%c1, %%tmm%c0" : : "i"(kSums), "i"(kRows), "i"(kWeights));
  }

  /// All registers have their full size. A product of fewer rows takes as long, and a configuration for each number of
  /// rows would take longer.
  static void configure() {
    struct alignas(64) Configuration {
      std::uint8_t palette = 1;
      std::uint8_t start_row = 0;
      std::uint8_t reserved[14] = {};
      std::uint16_t row_bytes[16] = {64, 64, 64, 64, 64, 64, 64, 64};
      std::uint8_t rows[16] = {16, 16, 16, 16, 16, 16, 16, 16};
    };
    static constexpr Configuration kConfiguration;
    asm volatile("ldtilecfg %0" : : "m"(kConfiguration));
  }

  static void release() { asm volatile("tilerelease"); }
};

#endif

}  // namespace

const KernelTable* amx_kernels([[maybe_unused]] const KernelTable& best) {
#if defined(__x86_64__)
  if (best.lanes != AmxRegisters::kLanes || !amx_permission().obstacle.empty()) return nullptr;
  static const KernelTable table = with_tiles<AmxRegisters>(best, "AMX");
  return &table;
#else
  return nullptr;
#endif
}

}  // namespace rondo::fused
