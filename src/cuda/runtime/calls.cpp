#include "cuda/runtime/calls.h"

#include <atomic>

namespace rondo::cuda_runtime {
namespace {
std::atomic<CallObserver> current_observer = nullptr;
}  // namespace

void observe_calls(CallObserver observer) { current_observer = observer; }

void announce(Call call) {
  if (const CallObserver observer = current_observer.load(std::memory_order_relaxed)) observer(call);
}

}  // namespace rondo::cuda_runtime
