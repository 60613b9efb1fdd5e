// A block takes one square of one matrix through shared memory, so that both its reads and its writes are in the order
// of memory, whichever of the target's axes has no gaps.

#include "cuda/cudnn/placed_matrices.h"

#include <algorithm>

#include "cuda/common/result_rows.h"
#include "cuda/device/collectives.cuh"
#include "cuda/device/convert_element.cuh"
#include "cuda/device/launch.cuh"
#include "rondo/vocabulary/error.h"
#include "rondo/vocabulary/host_device.h"

namespace rondo {
namespace {

constexpr int kSide = 32;               // of a square; a row of a square is read by a warp
constexpr int kRowsAtOnce = 8;          // rows of a square that a block's threads read together
constexpr int kPaddedSide = kSide + 1;  // so that the threads of a warp find a column in different banks
constexpr int kMostMatrices = 16;       // of one launch

struct MatrixBatch {
  PlacedMatrix matrices[kMostMatrices] = {};
  bool accumulate = false;
};

RONDO_HOST_DEVICE inline std::int64_t squares_along(std::int64_t elements) { return (elements + kSide - 1) / kSide; }

/// The square of a block.
struct Square {
  std::int64_t row = 0;
  std::int64_t column = 0;
};

template <typename Source, typename Real>
__device__ void read_square(const PlacedMatrix& matrix, const Square& square, Real* values) {
  const auto* source = static_cast<const Source*>(matrix.source);
  const std::int64_t column = square.column + device::thread_index().x;
  for (int k = static_cast<int>(device::thread_index().y); k < kSide; k += kRowsAtOnce) {
    const std::int64_t row = square.row + k;
    if (row >= matrix.rows || column >= matrix.columns) continue;
    values[k * kPaddedSide + static_cast<int>(device::thread_index().x)] =
        device::convert_element<Real>(source[row * matrix.columns + column]);
  }
}

template <typename Target, typename Real>
__device__ void write_square(const PlacedMatrix& matrix, const Square& square, const Real* values, bool accumulate) {
  auto* target = static_cast<Target*>(matrix.target);
  const bool transposed = matrix.row_stride == 1;
  const auto along = static_cast<int>(device::thread_index().x);
  for (int k = static_cast<int>(device::thread_index().y); k < kSide; k += kRowsAtOnce) {
    const int i = transposed ? along : k;
    const int j = transposed ? k : along;
    const std::int64_t row = square.row + i;
    const std::int64_t column = square.column + j;
    if (row >= matrix.rows || column >= matrix.columns) continue;
    Target& element = target[row * matrix.row_stride + column * matrix.column_stride];
    Real value = values[i * kPaddedSide + j];
    if (accumulate) value += device::convert_element<Real>(element);
    element = device::convert_element<Target>(value);
  }
}

template <typename Source, typename Target>
__global__ void __launch_bounds__(kSide* kRowsAtOnce) place_matrices_kernel(const __grid_constant__ MatrixBatch batch) {
  using Real = ComputeType<Source>;
  auto* values = reinterpret_cast<Real*>(device::shared_memory());  // (kSide, kPaddedSide)
  const PlacedMatrix& matrix = batch.matrices[device::block_index().y];
  const std::int64_t across = squares_along(matrix.columns);
  const std::int64_t index = device::block_index().x;
  if (index >= across * squares_along(matrix.rows)) return;
  const Square square{index / across * kSide, index % across * kSide};
  read_square<Source>(matrix, square, values);
  device::block_barrier();
  write_square<Target>(matrix, square, values, batch.accumulate);
}

template <typename Source, typename Target>
void launch_batch(std::span<const PlacedMatrix> matrices, bool accumulate, Stream stream) {
  MatrixBatch batch;
  batch.accumulate = accumulate;
  std::int64_t most_squares = 0;
  for (std::size_t k = 0; k < matrices.size(); ++k) {
    batch.matrices[k] = matrices[k];
    most_squares = std::max(most_squares, squares_along(matrices[k].rows) * squares_along(matrices[k].columns));
  }
  if (most_squares == 0) return;
  device::launch(place_matrices_kernel<Source, Target>,
                 {.grid = {static_cast<unsigned>(most_squares), static_cast<unsigned>(matrices.size())},
                  .block = {kSide, kRowsAtOnce},
                  .shared_bytes = std::size_t{kSide} * kPaddedSide * sizeof(ComputeType<Source>),
                  .stream = stream},
                 batch);
}

template <typename Source, typename Target>
void launch_all(std::span<const PlacedMatrix> matrices, bool accumulate, Stream stream) {
  for (std::size_t begin = 0; begin < matrices.size(); begin += kMostMatrices) {
    const std::size_t count = std::min<std::size_t>(kMostMatrices, matrices.size() - begin);
    launch_batch<Source, Target>(matrices.subspan(begin, count), accumulate, stream);
  }
}

template <typename Source>
void launch_to(std::span<const PlacedMatrix> matrices, const Placement& placement, Stream stream) {
  if (placement.target == placement.source) return launch_all<Source, Source>(matrices, placement.accumulate, stream);
  if constexpr (kIs16Bit<Source>) {
    if (placement.target == DType::f32) return launch_all<Source, float>(matrices, placement.accumulate, stream);
  }
  throw ValueError("target", to_string(placement.target), to_string(placement.source) + ", or f32 for 16 bits");
}

}  // namespace

void place_matrices(std::span<const PlacedMatrix> matrices, const Placement& placement, Stream stream) {
  if (matrices.empty()) return;
  switch (placement.source) {
    case DType::f64: return launch_to<double>(matrices, placement, stream);
    case DType::f32: return launch_to<float>(matrices, placement, stream);
    case DType::f16: return launch_to<Float16>(matrices, placement, stream);
    case DType::bf16: return launch_to<BFloat16>(matrices, placement, stream);
    default: throw ValueError("source", to_string(placement.source), "a floating dtype");
  }
}

}  // namespace rondo
