/// Two sessions of grid kernels, each on a stream of its own: what blocks of one wait for is not to be kept from
/// running by blocks of the other.
#pragma once

#include <array>
#include <functional>
#include <memory>

#include "cuda/runtime/runtime.h"
#include "rondo/plan/plan.h"

namespace rondo::test {

class TwoSessions {
 public:
  /// Both run the same LSTM of `units` and B 16 in f16 by cuda_grid, with different weights and inputs.
  TwoSessions(Device device, std::int64_t units, std::int64_t T);

  Stream stream(std::size_t k) const { return streams_[k]->get(); }

  /// Queues one run of each; `after(k)` is called when that of session k is queued.
  void run_both(const std::function<void(std::size_t)>& after = {});
  /// The same as two branches of one graph, which waits for both on the first stream.
  cuda_runtime::Graph record_both(const std::function<void(std::size_t)>& after = {});

  void poison() const;
  /// Waits for both. Fails the test where one stalled, or wrote something else than it did when it ran alone.
  void expect_as_alone();

 private:
  Tensor result(std::size_t k) const;
  void wait() const;

  std::array<std::unique_ptr<cuda_runtime::OwnedStream>, 2> streams_;
  std::array<std::unique_ptr<Session>, 2> sessions_;
  std::array<SessionTensors, 2> tensors_;
  std::array<Tensor, 2> alone_;
};

}  // namespace rondo::test
