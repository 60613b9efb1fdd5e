/// Weights in the forms in which executors read them, shared by all sessions of one set of weights.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "cuda/runtime/runtime.h"
#include "rondo/tensor/tensor.h"
#include "rondo/vocabulary/device.h"

namespace rondo {

/// One form of the weights. A runner holds a pack for as long as it reads the pack's memory.
class WeightPack {
 public:
  const Tensor& memory() const { return memory_; }
  void* data() const { return memory_.data(); }

 private:
  friend class WeightPacks;

  std::string key_;
  Tensor memory_;
  std::function<void(const Tensor&)> fill_;
  Stream stream_;                              ///< the stream that the memory was allocated and filled on
  std::optional<cuda_runtime::Event> filled_;  ///< on a CUDA device, unless the stream was being recorded
};

/// The packs of one set of weights. Many threads may use it.
class WeightPacks {
 public:
  /// How to make a pack.
  struct Recipe {
    std::string key;  ///< names the form: all packs with one key are equal
    /// Allocates memory, of zeros wherever `fill` writes nothing.
    std::function<Tensor()> allocate;
    /// Writes the pack into the memory, on the thread's current stream. The weights that it reads outlive the pack.
    std::function<void(const Tensor&)> fill;
  };

  /// The pack that exists with this key, or a new one. Work on `stream` that is queued after this call may read it. On
  /// a stream that is being recorded a pack of another stream is a `RuntimeError`.
  std::shared_ptr<const WeightPack> get(Recipe recipe, Stream stream);

  /// Fills all packs again, on `stream`, after the weights have changed. Allocates nothing. No session may run
  /// meanwhile on the CPU; on a CUDA device the caller orders the runs before and after.
  void refill(Stream stream);

  /// Orders the release of every pack's memory after the work on `stream`. A session calls this before it lets go of
  /// its packs.
  void order_release_after(Stream stream) noexcept;

  /// How often refill has been called.
  std::uint64_t version() const { return version_.load(std::memory_order_acquire); }

 private:
  std::vector<std::shared_ptr<WeightPack>> alive();

  std::mutex mutex_;
  std::vector<std::weak_ptr<WeightPack>> packs_;  ///< in the order of their making: a pack may be made from others
  std::atomic<std::uint64_t> version_ = 0;
};

}  // namespace rondo
