/// Two sessions of grid kernels on two streams. Blocks of one session must not keep blocks from running that the other
/// session's blocks wait for.
#pragma once

#include <array>
#include <functional>
#include <memory>

#include "cuda/runtime/runtime.h"
#include "rondo/plan/plan.h"

namespace rondo::test {

class TwoSessions {
 public:
  /// The sessions run an LSTM of `units` units and B 16 in f16 by cuda_grid, with different weights and inputs.
  TwoSessions(Device device, std::int64_t units, std::int64_t T);

  Stream stream(std::size_t k) const { return streams_[k]->get(); }

  /// Queues one run of each session. Calls `after(k)` when the run of session k is queued.
  void run_both(const std::function<void(std::size_t)>& after = {});
  /// Records one run of each session as two branches of a graph, which waits for both on the first stream.
  cuda_runtime::Graph record_both(const std::function<void(std::size_t)>& after = {});

  void poison() const;
  /// Waits for both sessions. Fails the test where a session stalled, or wrote other numbers than when it ran alone.
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
