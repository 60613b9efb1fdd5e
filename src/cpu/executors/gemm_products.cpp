#include "cpu/executors/gemm_products.h"

#include "cpu/executors/input_sums.h"

namespace rondo {

GemmProducts::GemmProducts(const RunnerRequest& request)
    : weights_(request.weights), columns_(gate_count(request.spec.cell.kind) * request.spec.cell.units) {
  if (request.spec.state_rows > 0) ordered_.emplace(request);
}

std::int64_t GemmProducts::rows(const RecurrenceSpec& spec, const Schedule& schedule, std::int64_t s) const {
  std::int64_t rows = spec.B;
  if (!ordered_) return rows;  // always as many: the library's bits may depend on it
  while (rows > 0 && !schedule.live(s, rows - 1)) --rows;
  return rows;
}

TimeBatchStrides GemmProducts::multiply_inputs(const RecurrenceSpec& spec, const SequenceBuffer& x, float* sums) const {
  if (!ordered_) return rondo::multiply_inputs({spec, x, static_cast<const float*>(weights_.kernel)}, sums);
  const std::int64_t rows = spec.T == 0 ? 0 : x.strides.first_rows[spec.T];
  ordered_->kernel().multiply({static_cast<const float*>(x.data), rows, spec.I, x.strides.batch},
                              {sums, rows, columns_, columns_});
  return {.batch = columns_, .first_rows = x.strides.first_rows};
}

void GemmProducts::multiply_states(int phase, const MatrixView<const float>& rows,
                                   const MatrixView<float>& sums) const {
  if (ordered_) return ordered_->recurrent_kernel(phase).multiply(rows, sums);
  const auto* const kernel = static_cast<const float*>(weights_.recurrent_kernel);
  const std::int64_t first = phase == 0 ? 0 : columns_ - sums.cols;
  gemm(rows, {kernel + first, rows.cols, sums.cols, columns_}, sums);
}

void GemmProducts::project(const MatrixView<const float>& rows, const MatrixView<float>& projected) const {
  if (ordered_) return ordered_->projection().multiply(rows, projected);
  gemm(rows, {static_cast<const float*>(weights_.projection), rows.cols, projected.cols, projected.cols}, projected);
}

}  // namespace rondo
