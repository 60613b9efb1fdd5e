#include "cpu/ops/onednn_fork.h"

#include <dlfcn.h>
#include <pthread.h>

namespace rondo {
namespace {

using PauseOpenMp = int (*)(int kind);
PauseOpenMp pause_openmp = nullptr;

// Every thread that calls oneDNN has threads of libgomp's, which the library would wait for in the child, for ever. So
// the thread that forks lets its own go before, and the next parallel region starts others, in parent and child alike.
// Inside of a parallel region this does nothing. Other OpenMP libraries see to it themselves.
void let_openmp_threads_go() {
  constexpr int kSoft = 1;  // omp_pause_soft: what the program keeps in threadprivate variables stays
  pause_openmp(kSoft);
}

[[maybe_unused]] const bool registered = [] {
  void* const libgomp = dlopen("libgomp.so.1", RTLD_LAZY | RTLD_NOLOAD);
  if (libgomp == nullptr) return false;
  pause_openmp = reinterpret_cast<PauseOpenMp>(dlsym(libgomp, "omp_pause_resource_all"));
  return pause_openmp != nullptr && pthread_atfork(let_openmp_threads_go, nullptr, nullptr) == 0;
}();

}  // namespace

ForkLock& onednn_under_way() {
  static ForkLock lock;
  return lock;
}

}  // namespace rondo
