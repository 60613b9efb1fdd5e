/// Which instruction set the vector kernels use: the best one of the machine, or one that a user allows.
#pragma once

#include <string>
#include <vector>

#include "cpu/fused/kernels.h"

namespace rondo::fused {

/// The environment variable that caps the instruction set: on x86 "amx", "avx512", "avx2", "sse4" or "scalar", on
/// 64-bit ARM "neon".
inline constexpr const char* kTargetVariable = "RONDO_CPU_TARGET";

/// The first of `tables`, which begin with the best one, that is not above `cap`. Without a cap, null or empty, the
/// first one. Throws `ValueError` naming the variable for a cap that is no instruction set of this kind of processor,
/// or where no table is within it.
const KernelTable& best_within(const std::vector<const KernelTable*>& tables, const char* cap);

/// The table that runs use: the best one within the variable's value at the first call that succeeds. Throws what
/// best_within throws.
const KernelTable& best_kernels();

/// "AVX-512 (AVX3 of Highway)".
std::string target_in_words(const KernelTable& kernels);
/// "; RONDO_CPU_TARGET is avx2", or an empty string where the variable was not set when best_kernels() read it.
std::string cap_in_words();

}  // namespace rondo::fused
