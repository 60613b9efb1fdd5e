/// A model of how long a step of a persistent kernel takes. Floor 4.
///
///     step = phases (exchange + passes latency of the rest) + incoming + work,
///     work = max(product, shared memory) + 0.3 min(product, shared memory)
///
/// in which `incoming` brings h, and weights that are streamed, and is overlapped with `work` in the same way where
/// there are several passes. The product is bound by the tensor cores' or FMA units' rate or by the latency of its
/// chain along k (tf32x3: of three mma, with the splitting of words beside them, overlapped likewise), and shared
/// memory by the bytes of h, of weights that are not in registers, and of the sums. Where the kernel multiplies x, that
/// is hidden as far as the exchange is long, but for its sums' way to their threads. What it takes of a GPU stands in
/// hardware_constants.h.
#pragma once

#include "cuda/persistent/shape/block_layout.h"
#include "rondo/recurrence/recurrence.h"

namespace rondo {

/// Of one step of one team, in nanoseconds.
double modelled_step_ns(const RecurrenceSpec& spec, const PersistentShape& shape, const BlockBytes& bytes);

/// Once for a run of a persistent kernel: the launch, weights into registers and shared memory, in each of so many
/// rounds of its teams, and what is read before the first step and written after the last. In nanoseconds.
double start_ns(const PersistentShape& shape, const BlockBytes& bytes, double rounds);

}  // namespace rondo
