/// The matrix products of the stepwise executor: where x lies in memory decides what the one for the inputs looks like.
/// Floor 4.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "cuda/products/product.h"
#include "recurrence/executor.h"
#include "rondo/tensor.h"

namespace rondo {

/// x W for all steps and rows, as products over whatever (t, b) can be walked with two strides.
struct InputProjection {
  TimeBatchStrides x_strides = {};  ///< of the x it is for
  ProductSpec spec = {};
  std::int64_t x_offset = 0;  ///< of the first row that the product reads
  /// The product is run `repeats` times, each time so many elements of x and sums further.
  std::int64_t repeats = 1;
  std::int64_t x_repeat_stride = 0;
  std::int64_t sums_repeat_stride = 0;
  /// Where the sums of (t, b) are: sums_offset + sums_strides.offset(t, b).
  std::int64_t sums_offset = 0;
  TimeBatchStrides sums_strides = {};
};

/// For x of (T, B, I) with any strides, negative and overlapping ones too. Sums fill T B columns elements.
InputProjection project_inputs(const RecurrenceSpec& spec, TimeBatchStrides x_strides, std::int64_t columns);

/// Columns of the recurrent kernel: those that multiply h, and those that multiply r * h where a cell has such.
enum class RecurrentPart : std::uint8_t { before_reset, after_reset };

/// The products of one session.
class StepwiseProducts {
 public:
  explicit StepwiseProducts(const RunnerRequest& request);

  /// The projection for x with these strides; made when such an x comes for the first time.
  const InputProjection& input_projection(TimeBatchStrides x_strides);
  /// sums = x W
  void multiply_inputs(const RecurrenceBuffers& buffers, void* sums, void* workspace, Stream stream);
  /// sums (B, G H) = rows (B, H) U, in the columns of `part` alone.
  void multiply_states(RecurrentPart part, const void* rows, void* sums, void* workspace, Stream stream) const;

 private:
  struct Projected {
    InputProjection projection;
    std::shared_ptr<const Product> product;
  };

  const Projected& projected(TimeBatchStrides x_strides);
  MatrixLayout weight_layout(std::int64_t K) const;
  std::shared_ptr<const Product> recurrent_product(int gates) const;

  const RunnerRequest request_;
  /// Both kernels transposed, (G H, I) and (G H, H), where cuBLASLt is faster with them; else undefined.
  Tensor transposed_kernel_;
  Tensor transposed_recurrent_kernel_;
  const std::int64_t columns_;
  const DType sum_dtype_;
  int gates_before_reset_ = 0;
  std::vector<std::shared_ptr<const Product>> recurrent_;  ///< by RecurrentPart
  std::vector<Projected> projected_;
};

}  // namespace rondo
