#include "cpu/fused/target.h"

#include <cstdlib>
#include <iterator>
#include <string_view>

#include "rondo/vocabulary/error.h"

namespace rondo::fused {
namespace {

struct Target {
  std::string_view target;  ///< as KernelTable has it
  std::string_view cap;     ///< the value of the variable
  std::string_view words;
};

/// The instruction sets of this kind of processor that kernels.cpp may be compiled for, the best one first.
constexpr Target kTargets[] = {
#if defined(__aarch64__)
    {"NEON", "neon", "NEON (NEON of Highway)"},
#else
    {"AMX", "amx", "AMX with AVX-512 (AVX3 of Highway)"},   {"AVX3", "avx512", "AVX-512 (AVX3 of Highway)"},
    {"AVX2", "avx2", "AVX2 with FMA (AVX2 of Highway)"},    {"SSE4", "sse4", "SSE4.2 (SSE4 of Highway)"},
    {"EMU128", "scalar", "no vectors (EMU128 of Highway)"}, {"SCALAR", "scalar", "no vectors (SCALAR of Highway)"},
#endif
};

/// The place of a table in the list; one that the list lacks is the last.
std::size_t rank_of(std::string_view target) {
  std::size_t rank = 0;
  while (rank < std::size(kTargets) && kTargets[rank].target != target) ++rank;
  return rank;
}

std::string caps_in_words() {
  std::string text = "one of";
  std::string_view last;
  for (const Target& target : kTargets) {
    if (target.cap != last) text += (last.empty() ? " " : ", ") + std::string(target.cap);
    last = target.cap;
  }
  return text;
}

[[noreturn]] void refuse_cap(std::string_view cap, const std::vector<const KernelTable*>& tables) {
  std::string has;
  for (const KernelTable* table : tables) has += (has.empty() ? "" : ", ") + target_in_words(*table);
  throw ValueError(kTargetVariable, "'" + std::string(cap) + "'", caps_in_words() + "; this processor runs " + has);
}

/// What was chosen for runs, and the value of the variable then.
struct Choice {
  std::string cap;
  const KernelTable& table;
};

const Choice& choice() {
  static const Choice chosen = [] {
    const char* const cap = std::getenv(kTargetVariable);
    return Choice{cap == nullptr ? "" : cap, best_within(all_kernels(), cap)};
  }();
  return chosen;
}

}  // namespace

const KernelTable& best_within(const std::vector<const KernelTable*>& tables, const char* cap) {
  if (cap == nullptr || *cap == '\0') return *tables.front();
  std::size_t allowed = 0;
  while (allowed < std::size(kTargets) && kTargets[allowed].cap != cap) ++allowed;
  if (allowed < std::size(kTargets)) {
    for (const KernelTable* table : tables) {
      if (rank_of(table->target) >= allowed) return *table;
    }
  }
  refuse_cap(cap, tables);
}

const KernelTable& best_kernels() { return choice().table; }

std::string target_in_words(const KernelTable& kernels) {
  const std::size_t rank = rank_of(kernels.target);
  return std::string(rank < std::size(kTargets) ? kTargets[rank].words : "an instruction set");
}

std::string cap_in_words() {
  return choice().cap.empty() ? "" : std::string("; ") + kTargetVariable + " is " + choice().cap;
}

}  // namespace rondo::fused
