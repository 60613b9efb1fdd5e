/// A model of how long a step of a persistent kernel takes.
///
///     step = phases (exchange + passes latency of the rest) + incoming + work,
///     work = max(product, shared memory) + 0.3 min(product, shared memory)
///
/// in which `incoming` is the time to read h, or the sums that blocks of gradients scatter, and streamed weights. Where
/// there are several passes, `incoming` and `work` overlap by the formula of `work`. The product is bound by the rate
/// of the tensor cores or FMA units, or by the latency of its chain along k. In tf32x3 the chain has three mma, which
/// overlap with the splitting of words by the same formula. Shared memory is bound by the bytes of h, of weights that
/// are not in registers, and of the sums. Where the kernel multiplies x, the product of x overlaps the wait for h: only
/// the part longer than that wait, and the reading of its sums, are added. hardware_constants.h has the figures of a
/// GPU.
#pragma once

#include "cuda/persistent/shape/block_layout.h"
#include "rondo/recurrence/recurrence.h"

namespace rondo {

/// The time of one step of one team, in nanoseconds.
double modelled_step_ns(const RecurrenceSpec& spec, const PersistentShape& shape, const BlockBytes& bytes);

/// The start-up time of a run of a persistent kernel, in nanoseconds: the launch, the loading of weights into registers
/// and shared memory in each of `rounds` rounds of teams, and the reads before the first step and writes after the
/// last.
double start_ns(const PersistentShape& shape, const BlockBytes& bytes, double rounds);

}  // namespace rondo
