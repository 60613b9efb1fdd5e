/// The products x W of CUDA executors. The strides of x decide which products these are.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "cuda/common/product_weights.h"
#include "recurrence/executor.h"

namespace rondo {

/// x W for all steps and rows, as products over sets of (t, b) that two strides can describe.
struct InputProjection {
  TimeBatchStrides x_strides = {};  ///< of the x that the projection is for
  std::int64_t packed_rows = 0;     ///< of a packed x
  ProductSpec spec = {};
  std::int64_t x_offset = 0;  ///< of the first row that the product reads
  /// The product runs `repeats` times. Each time it reads x and writes sums these numbers of elements further on.
  std::int64_t repeats = 1;
  std::int64_t x_repeat_stride = 0;
  std::int64_t sums_repeat_stride = 0;
  /// Where the sums of (t, b) are: sums_offset + sums_strides.offset(t, b).
  std::int64_t sums_offset = 0;
  TimeBatchStrides sums_strides = {};
};

/// The projection for a packed x. Few products serve all numbers of rows: the same product runs over the first rows and
/// over the last ones, which may overlap, and are computed twice then.
InputProjection project_packed_inputs(const RecurrenceSpec& spec, const SequenceBuffer& x, std::int64_t columns);

/// The projection for an x of (T, B, I) with any strides, also negative and overlapping ones. The sums are T B columns
/// elements.
InputProjection project_inputs(const RecurrenceSpec& spec, TimeBatchStrides x_strides, std::int64_t columns);

/// The order of the sums in a row.
enum class SumOrder : std::uint8_t {
  gates_first,  ///< [gate][unit], as kernels are stored
  units_first   ///< [unit][gate], as a thread that computes one unit reads them at once
};

/// The products of the inputs of one session.
class InputProducts {
 public:
  explicit InputProducts(const RunnerRequest& request, SumOrder order = SumOrder::gates_first);

  /// The projection for an x with these strides and rows, which is made the first time that x has them.
  const InputProjection& input_projection(const SequenceBuffer& x);
  /// sums = x W. `workspace` as Product::run has it.
  void multiply_inputs(const RecurrenceBuffers& buffers, void* sums, void* workspace, Stream stream);

 private:
  struct Projected {
    InputProjection projection;
    std::shared_ptr<const Product> product;
  };

  const Projected& projected(const SequenceBuffer& x);

  const RecurrenceSpec spec_;
  const std::int64_t columns_;                         ///< G H
  const std::shared_ptr<const WeightPack> reordered_;  ///< the kernel with units first, or null
  const ProductWeights weights_;
  std::vector<Projected> projected_;
};

}  // namespace rondo
