/// A hook that sees which costly calls reach the CUDA runtime, so that a test can prove what a run does without. Floor
/// 0.
#pragma once

#include <cstdint>

namespace rondo::cuda_runtime {

enum class Call : std::uint8_t { allocate, deallocate, copy, synchronize, launch, record_graph, replay_graph };

using CallObserver = void (*)(Call call);

/// From now on, every call announces itself to `observer` before it is made, on its own thread. Null removes the
/// observer.
void observe_calls(CallObserver observer);

/// Each wrapper of a call begins with this.
void announce(Call call);

}  // namespace rondo::cuda_runtime
