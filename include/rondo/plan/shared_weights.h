/// The weights of a recurrence, packed once for all sessions that use them.
#pragma once

#include <memory>
#include <optional>
#include <utility>

#include "rondo/recurrence/recurrence.h"
#include "rondo/vocabulary/device.h"

namespace rondo {

/// Executors read weights in forms of their own, into which a session packs them. Sessions that are made from one
/// SharedWeights share these packed weights, so that 16 threads with a session each hold one copy. Copies of a
/// SharedWeights are the same weights. Many threads may make sessions from it.
///
/// @code
/// RecurrentWeights weights = {.kernel = Tensor::full({3, 16}, 0.1, DType::f32),
///                             .recurrent_kernel = Tensor::full({4, 16}, 0.1, DType::f32),
///                             .bias = Tensor::zeros({16}, DType::f32)};
/// SharedWeights shared(weights);
/// Plan plan = Plan::create({.cell = {.units = 4}, .T = 5, .B = 2, .I = 3});
/// Session first(plan, shared);
/// Session second(plan, shared);
/// weights.kernel.fill(0.2);  // an optimizer's step
/// shared.reload();           // both sessions compute with the new kernel
/// @endcode
class SharedWeights {
 public:
  /// Keeps views of the weights. Their elements must not change without a call of `reload`; a build without NDEBUG
  /// finds such a change by a checksum at each run on the CPU, and throws `RuntimeError`. Weights with gaps are copied,
  /// on the thread's current stream of their device.
  explicit SharedWeights(const RecurrentWeights& weights);

  const RecurrentWeights& weights() const;
  /// Whether both are copies of one SharedWeights.
  bool operator==(const SharedWeights&) const = default;

  /// Packs the weights again, whose elements have changed. Allocates nothing, and may be recorded in a graph. On the
  /// CPU no session of these weights may run meanwhile. On a CUDA device the work is queued on `stream`, or else on the
  /// thread's current stream: runs on other streams must be ordered before and after by the caller.
  void reload(std::optional<Stream> stream = std::nullopt);

 private:
  friend class Session;
  struct Impl;

  explicit SharedWeights(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}

  std::shared_ptr<Impl> impl_;
};

}  // namespace rondo
