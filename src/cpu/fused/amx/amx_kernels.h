/// The kernels of processors with AMX: Intel's, from Sapphire Rapids on.
#pragma once

#include "cpu/fused/kernels.h"

namespace rondo::fused {

/// The table with products on AMX's tile registers, and else the kernels of `best`, the best table without; null where
/// the process cannot use AMX (amx_permission.h), or where `best` has not its 16 lanes. Tests link another definition,
/// which simulates the registers.
const KernelTable* amx_kernels(const KernelTable& best);

}  // namespace rondo::fused
