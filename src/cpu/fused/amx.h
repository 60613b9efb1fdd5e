/// Processors with AMX, Intel's from Sapphire Rapids on: whether the process may use it, and the kernels that do.
#pragma once

#include <string>

#include "cpu/fused/kernels.h"

namespace rondo::fused {

/// Whether the process may use AMX: the processor has to have it, and Linux gives its large registers on request.
struct AmxPermission {
  bool has_instructions = false;  ///< the processor's
  std::string obstacle = {};      ///< a clause that says why AMX is not used; empty where it is

  /// "; the operating system refuses ...", or an empty string where the processor has none or nothing is refused.
  std::string refusal_in_words() const { return has_instructions && !obstacle.empty() ? "; " + obstacle : ""; }
};

/// For a processor with these features, as processor_features() names them. `ask` asks for the registers, and returns 0
/// or the number of an error; it is not called for a processor without AMX for bf16 and int8.
AmxPermission ask_for_amx(const std::string& features, int (*ask)());

/// This process's. Linux is asked at the first call; children of fork() inherit what it grants.
const AmxPermission& amx_permission();

/// The table with products on AMX's tile registers, and else the kernels of `best`, the best table without; null where
/// the process cannot use AMX (amx_permission), or where `best` has not its 16 lanes. Tests link another definition,
/// which simulates the registers.
const KernelTable* amx_kernels(const KernelTable& best);

}  // namespace rondo::fused
