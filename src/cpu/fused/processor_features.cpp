#include "cpu/fused/processor_features.h"

#include <cstdint>

#if defined(__x86_64__)
#include <cpuid.h>
#elif defined(__aarch64__) && defined(__linux__)
#include <sys/auxv.h>
#endif

namespace rondo::fused {
namespace {

#if defined(__x86_64__)

/// The registers of one leaf of CPUID.
struct Leaf {
  unsigned eax = 0;
  unsigned ebx = 0;
  unsigned ecx = 0;
  unsigned edx = 0;
};

Leaf leaf_of(unsigned number, unsigned part) {
  Leaf leaf;
  __get_cpuid_count(number, part, &leaf.eax, &leaf.ebx, &leaf.ecx, &leaf.edx);
  return leaf;
}

/// Which registers the operating system saves when threads change: without them, their instructions are illegal.
std::uint64_t saved_registers(const Leaf& first) {
  constexpr unsigned kHasXgetbv = 1U << 27;
  if ((first.ecx & kHasXgetbv) == 0) return 0;
  unsigned low = 0;
  unsigned high = 0;
  asm volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return std::uint64_t{high} << 32 | low;
}

constexpr std::uint64_t kAvxRegisters = 0x6;
constexpr std::uint64_t kAvx512Registers = 0xE6;
constexpr std::uint64_t kTileRegisters = 0x60000;

struct Feature {
  const char* name;
  unsigned word;  ///< of CPUID
  int bit;
  std::uint64_t registers;
};

std::string find_features() {
  const Leaf first = leaf_of(1, 0);
  const Leaf seventh = leaf_of(7, 0);
  const Leaf next = leaf_of(7, 1);
  const std::uint64_t saved = saved_registers(first);
  const Feature features[] = {
      {"sse4_1", first.ecx, 19, 0},
      {"sse4_2", first.ecx, 20, 0},
      {"avx", first.ecx, 28, kAvxRegisters},
      {"fma", first.ecx, 12, kAvxRegisters},
      {"f16c", first.ecx, 29, kAvxRegisters},
      {"avx2", seventh.ebx, 5, kAvxRegisters},
      {"avx_vnni", next.eax, 4, kAvxRegisters},
      {"avx512f", seventh.ebx, 16, kAvx512Registers},
      {"avx512bw", seventh.ebx, 30, kAvx512Registers},
      {"avx512vl", seventh.ebx, 31, kAvx512Registers},
      {"avx512_vnni", seventh.ecx, 11, kAvx512Registers},
      {"avx512_bf16", next.eax, 5, kAvx512Registers},
      {"avx512_fp16", seventh.edx, 23, kAvx512Registers},
      {"amx_tile", seventh.edx, 24, kTileRegisters},
      {"amx_bf16", seventh.edx, 22, kTileRegisters},
      {"amx_int8", seventh.edx, 25, kTileRegisters},
  };
  std::string text;
  for (const Feature& feature : features) {
    const bool has = (feature.word >> feature.bit & 1U) != 0 && (saved & feature.registers) == feature.registers;
    if (has) text += (text.empty() ? "" : " ") + std::string(feature.name);
  }
  return text;
}

#elif defined(__aarch64__) && defined(__linux__)

std::string find_features() {
  const struct {
    const char* name;
    unsigned long words;
    unsigned long bit;
  } features[] = {
      {"asimd", getauxval(AT_HWCAP), HWCAP_ASIMD},     {"asimdhp", getauxval(AT_HWCAP), HWCAP_ASIMDHP},
      {"asimddp", getauxval(AT_HWCAP), HWCAP_ASIMDDP}, {"sve", getauxval(AT_HWCAP), HWCAP_SVE},
      {"sve2", getauxval(AT_HWCAP2), HWCAP2_SVE2},     {"i8mm", getauxval(AT_HWCAP2), HWCAP2_I8MM},
      {"bf16", getauxval(AT_HWCAP2), HWCAP2_BF16},
  };
  std::string text;
  for (const auto& feature : features) {
    if ((feature.words & feature.bit) != 0) text += (text.empty() ? "" : " ") + std::string(feature.name);
  }
  return text;
}

#else

std::string find_features() { return ""; }

#endif

}  // namespace

const std::string& processor_features() {
  static const std::string features = [] {
    const std::string found = find_features();
    return found.empty() ? std::string("no vector extensions") : found;
  }();
  return features;
}

bool has_feature(std::string_view features, std::string_view name) {
  return (" " + std::string(features) + " ").find(" " + std::string(name) + " ") != std::string::npos;
}

}  // namespace rondo::fused
