#include "cpu/ops/onednn_fork.h"

#include <dlfcn.h>
#include <pthread.h>

namespace rondo {
namespace {

using PauseOpenMp = int (*)(int kind);
PauseOpenMp pause_openmp = nullptr;

// Every thread that calls oneDNN has worker threads of libgomp, for which libgomp would wait in the child for ever. So
// the forking thread releases its workers first, and the next parallel region starts new ones, in parent and child
// alike. Inside a parallel region the call does nothing. Other OpenMP libraries handle fork() themselves.
void let_openmp_threads_go() {
  constexpr int kSoft = 1;  // omp_pause_soft: threadprivate variables of the program keep their values
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
