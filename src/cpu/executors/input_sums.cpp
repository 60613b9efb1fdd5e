#include "cpu/executors/input_sums.h"

#include "cpu/ops/gemm.h"

namespace rondo {
namespace {

// Multiplies row b in one product where its steps lie apart in memory, else (a repeated or reversed view) step by step.
void multiply_row(const InputProduct& product, std::int64_t b, const MatrixView<const float>& kernel,
                  const TimeBatchStrides& strides, float* sums) {
  const TimeBatchStrides& x = product.x.strides;
  const auto* data = static_cast<const float*>(product.x.data);
  const std::int64_t I = product.spec.I;
  const std::int64_t steps = x.time >= I ? product.spec.T : 1;
  for (std::int64_t t = 0; t < product.spec.T; t += steps) {
    gemm({data + x.offset(t, b), steps, I, x.time}, kernel,
         {sums + strides.offset(t, b), steps, kernel.cols, strides.time});
  }
}

}  // namespace

// Uses one product where the rows of x are evenly spaced in memory; else one product for each row b.
TimeBatchStrides multiply_inputs(const InputProduct& product, float* sums) {
  const RecurrenceSpec& spec = product.spec;
  const TimeBatchStrides& x = product.x.strides;
  const auto* data = static_cast<const float*>(product.x.data);
  const std::int64_t columns = gate_count(spec.cell.kind) * spec.cell.units;
  const std::int64_t T = spec.T;
  const std::int64_t B = spec.B;
  const MatrixView<const float> kernel{product.kernel, spec.I, columns, columns};
  if (x.first_rows != nullptr) {
    const std::int64_t rows = product.x.packed_rows;
    gemm({data, rows, spec.I, x.batch}, kernel, {sums, rows, columns, columns});
    return {.batch = columns, .first_rows = x.first_rows};
  }
  const bool time_major = x.time == B * x.batch || T == 1;
  const TimeBatchStrides strides =
      time_major ? TimeBatchStrides{B * columns, columns} : TimeBatchStrides{columns, T * columns};
  if (time_major && x.batch >= spec.I) {
    gemm({data, T * B, spec.I, x.batch}, kernel, {sums, T * B, columns, columns});
  } else if (x.batch == T * x.time && x.time >= spec.I) {
    gemm({data, B * T, spec.I, x.time}, kernel, {sums, B * T, columns, columns});
  } else {
    for (std::int64_t b = 0; b < B; ++b) multiply_row(product, b, kernel, strides, sums);
  }
  return strides;
}

}  // namespace rondo
