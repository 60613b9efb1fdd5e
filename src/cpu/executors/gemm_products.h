/// The products of cpu_gemm.
#pragma once

#include <optional>

#include "cpu/executors/ordered_weights.h"
#include "cpu/ops/gemm.h"
#include "recurrence/buffers.h"
#include "recurrence/executor.h"

namespace rondo {

/// Products with the weights of a runner. A library makes them, whose order of sums may change with the number of rows;
/// but with state_rows, where each run has rows of its own number, they are OrderedProducts.
class GemmProducts {
 public:
  explicit GemmProducts(const RunnerRequest& request);

  /// The rows of the products of step s: those in front that may be live.
  std::int64_t rows(const RecurrenceSpec& spec, const Schedule& schedule, std::int64_t s) const;
  /// sums = x W for all steps and rows of a run, which has the sizes of `spec`. Returns the strides of `sums`.
  TimeBatchStrides multiply_inputs(const RecurrenceSpec& spec, const SequenceBuffer& x, float* sums) const;
  /// sums = rows U, of the columns of a phase: 0, or 1 for a GRU that resets before its product.
  void multiply_states(int phase, const MatrixView<const float>& rows, const MatrixView<float>& sums) const;
  void project(const MatrixView<const float>& rows, const MatrixView<float>& projected) const;

 private:
  WeightBuffers weights_;
  std::int64_t columns_ = 0;  ///< of the recurrent kernel
  std::optional<OrderedWeights> ordered_;
};

}  // namespace rondo
