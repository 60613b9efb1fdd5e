#include "recurrence/weight_packs.h"

#include <algorithm>

#include "recurrence/executor.h"
#include "rondo/tensor/stream.h"
#include "rondo/vocabulary/error.h"
#include "vocabulary/fork.h"

namespace rondo {
namespace {

/// fork() waits while a thread packs weights: a child then finds the mutexes free and the packs whole.
ForkLock& packing() {
  static ForkLock* const lock = new ForkLock;
  return *lock;
}

/// Holds the mutex of a WeightPacks for its lifetime.
class Packing {
 public:
  explicit Packing(std::mutex& mutex) : mutex_(mutex) {
    packing().lock_shared();
    mutex_.lock();
  }
  ~Packing() {
    mutex_.unlock();
    packing().unlock_shared();
  }
  Packing(const Packing&) = delete;
  Packing& operator=(const Packing&) = delete;

 private:
  std::mutex& mutex_;
};

}  // namespace

std::vector<std::shared_ptr<WeightPack>> WeightPacks::alive() {
  std::erase_if(packs_, [](const std::weak_ptr<WeightPack>& pack) { return pack.expired(); });
  std::vector<std::shared_ptr<WeightPack>> packs;
  for (const std::weak_ptr<WeightPack>& weak : packs_) {
    if (auto pack = weak.lock()) packs.push_back(std::move(pack));
  }
  return packs;
}

std::shared_ptr<const WeightPack> WeightPacks::get(Recipe recipe, Stream stream) {
  const Packing packing(mutex_);
  for (const std::shared_ptr<WeightPack>& pack : alive()) {
    if (pack->key_ != recipe.key) continue;
    if (stream.device == cpu() || pack->stream_.native == stream.native) return pack;
    if (!pack->filled_ || cuda_runtime::is_recording(stream)) {
      throw RuntimeError(
          "session: got a stream that is being recorded, for weights that were packed on another "
          "stream; expected a session that is made before the recording");
    }
    pack->filled_->make_wait(stream);
    return pack;
  }
  const StreamScope scope(stream);
  auto pack = std::make_shared<WeightPack>();
  pack->key_ = std::move(recipe.key);
  pack->memory_ = recipe.allocate();
  pack->fill_ = std::move(recipe.fill);
  pack->stream_ = stream;
  pack->fill_(pack->memory_);
  if (stream.device != cpu() && !cuda_runtime::is_recording(stream))
    pack->filled_.emplace(stream.device).record(stream);
  packs_.push_back(pack);
  return pack;
}

void WeightPacks::refill(Stream stream) {
  const Packing packing(mutex_);
  const StreamScope scope(stream);
  for (const std::weak_ptr<WeightPack>& weak : packs_) {
    const std::shared_ptr<WeightPack> pack = weak.lock();
    if (pack != nullptr) pack->fill_(pack->memory_);
  }
  version_.fetch_add(1, std::memory_order_release);
}

void WeightPacks::order_release_after(Stream stream) noexcept {
  if (stream.device == cpu()) return;
  try {
    const Packing packing(mutex_);
    for (const std::shared_ptr<WeightPack>& pack : alive()) {
      if (pack->stream_.native != stream.native) cuda_runtime::make_wait(pack->stream_, stream);
    }
  } catch (const std::exception&) {
    // The CUDA context is destroyed, and its memory with it.
  }
}

std::shared_ptr<const WeightPack> packed(const RunnerRequest& request, WeightPacks::Recipe recipe) {
  const CellSpec& cell = request.spec.cell;
  recipe.key += " of " + to_string(cell.kind) + (cell.kind == CellKind::gru && cell.reset_after ? " reset after" : "");
  return request.packs->get(std::move(recipe), request.stream);
}

}  // namespace rondo
