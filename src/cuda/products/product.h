/// Matrix products on a CUDA device, by cuBLASLt. A simulated device has its own implementation of this
/// header.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "rondo/vocabulary/device.h"
#include "rondo/vocabulary/dtype.h"

namespace rondo {

/// Where the elements of one operand are. Rows of the stored matrix are without gaps and do not overlap:
/// row_stride is at least the length of a row, unless there is only one row.
struct MatrixLayout {
  std::int64_t row_stride = 0;
  /// From one matrix of the batch to the next, not negative; 0: all matrices of the batch are the same one.
  std::int64_t batch_stride = 0;
  /// Whether the operand is the transpose of the stored matrix, so that row_stride is from one of its columns to the
  /// next.
  bool transposed = false;

  bool operator==(const MatrixLayout&) const = default;
};

/// For each matrix of the batch: result (M, N) = a (M, K) b (K, N).
struct ProductSpec {
  std::int64_t M = 0;
  std::int64_t N = 0;
  std::int64_t K = 0;
  std::int64_t batch = 1;
  DType dtype = DType::f32;         ///< of a and b: f64, f32, f16 or bf16
  DType result_dtype = DType::f32;  ///< `dtype`, or f32
  MatrixMath math = MatrixMath::strict;
  MatrixLayout a = {};
  MatrixLayout b = {};
  MatrixLayout result = {};  ///< not transposed

  bool operator==(const ProductSpec&) const = default;
};

/// Operands, strides and arithmetic in words: what error messages call a product.
std::string in_words(const ProductSpec& spec);

/// Operands of one call, in device memory.
struct ProductBuffers {
  const void* a = nullptr;
  const void* b = nullptr;
  void* result = nullptr;
  /// Product::workspace_bytes() bytes, aligned to 256, which nothing else uses until the work is done.
  void* workspace = nullptr;
};

/// A product that is decided once and run often. Sums are in f32, or f64 for f64. May be used by several threads.
class Product {
 public:
  static constexpr std::size_t kWorkspaceBytes = std::size_t{8} << 20;

  /// Host work alone. Throws as check_product does, and `RuntimeError` where the library has no kernel for the spec.
  Product(const ProductSpec& spec, Device device);
  ~Product();
  Product(Product&&) noexcept;
  Product& operator=(Product&&) noexcept;

  /// What `run` needs, at most kWorkspaceBytes; with 0 the workspace may be null.
  std::size_t workspace_bytes() const;

  /// Queues the product on `stream`, without allocating or synchronising. With K = 0 the result is zeros.
  void run(const ProductBuffers& buffers, Stream stream) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Throws `ValueError` for dtypes that no product has, for rows that overlap and for negative strides: what every
/// implementation begins with.
void check_product(const ProductSpec& spec);

/// Queues writing zeros into the result: what a product with K = 0 is.
void fill_result_with_zeros(const ProductSpec& spec, void* result, Stream stream);

}  // namespace rondo
