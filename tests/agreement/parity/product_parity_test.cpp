// Products of cuda/products/product.h on the device under test: layouts, dtypes, arithmetic.

#include <gtest/gtest.h>

#include "agreement/parity/tensor_pair.h"
#include "cuda/products/product.h"
#include "cuda/products/product_cache.h"
#include "rondo/ops/ops.h"
#include "rondo/tensor/stream.h"
#include "rondo/vocabulary/error.h"
#include "support/compare.h"
#include "support/device_under_test.h"
#include "support/expect_error.h"

namespace rondo::test {
namespace {

/// A batch of matrices in memory with gaps behind rows and matrices.
struct Matrices {
  MatrixLayout layout;
  TensorPair memory;

  /// The matrices as a tensor (batch, rows, columns).
  Tensor view(const Tensor& in, std::int64_t batch, std::int64_t rows, std::int64_t columns) const {
    const Strides strides = layout.transposed ? Strides{layout.batch_stride, 1, layout.row_stride}
                                              : Strides{layout.batch_stride, layout.row_stride, 1};
    return {in.storage(), in.dtype(), {batch, rows, columns}, strides};
  }
};

Matrices random_matrices(Random& random, std::int64_t batch, std::int64_t rows, std::int64_t columns, DType dtype,
                         bool may_turn) {
  Matrices matrices;
  MatrixLayout& layout = matrices.layout;
  layout.transposed = may_turn && random.coin();
  layout.row_stride = (layout.transposed ? rows : columns) + random.pick<std::int64_t>({0, 0, 8, 3});
  const std::int64_t matrix = layout.row_stride * (layout.transposed ? columns : rows);
  const bool shared = may_turn && random.coin(0.3);
  layout.batch_stride = shared ? 0 : matrix + random.pick<std::int64_t>({0, 0, 16, 5});
  matrices.memory = random_pair(random, {std::max(matrix, layout.batch_stride) * batch}, dtype, Elements::ordinary);
  return matrices;
}

void run(const ProductSpec& spec, const Tensor& a, const Tensor& b, const Tensor& result) {
  const Product product(spec, result.device());
  ASSERT_LE(product.workspace_bytes(), Product::kWorkspaceBytes);
  const Tensor workspace =
      Tensor::empty({static_cast<std::int64_t>(product.workspace_bytes())}, DType::boolean, result.device());
  product.run({.a = a.data(), .b = b.data(), .result = result.data(), .workspace = workspace.data()},
              current_stream(result.device()));
}

void expect_product(Random& random, const ProductSpec& sizes) {
  ProductSpec spec = sizes;
  const Matrices a = random_matrices(random, spec.batch, spec.M, spec.K, spec.dtype, true);
  const Matrices b = random_matrices(random, spec.batch, spec.K, spec.N, spec.dtype, true);
  const Matrices result = random_matrices(random, spec.batch, spec.M, spec.N, spec.result_dtype, false);
  spec.a = a.layout;
  spec.b = b.layout;
  spec.result = result.layout;
  SCOPED_TRACE(in_words(spec));
  run(spec, a.memory.device, b.memory.device, result.memory.device);

  const Tensor expected = matmul(a.view(a.memory.host, spec.batch, spec.M, spec.K).to(DType::f64),
                                 b.view(b.memory.host, spec.batch, spec.K, spec.N).to(DType::f64));
  const Tensor actual = result.memory.device.to(cpu());
  const Tensor product = result.view(actual, spec.batch, spec.M, spec.N);
  const bool tf32 = spec.dtype == DType::f32 && spec.math == MatrixMath::tf32;
  const double sums = epsilon_of(spec.dtype == DType::f64 ? DType::f64 : (tf32 ? DType::f16 : DType::f32));
  const double bound =
      16 * sums * static_cast<double>(spec.K) + epsilon_of(spec.result_dtype) * largest_magnitude(expected);
  EXPECT_TRUE(within(product.to(DType::f64), expected, bound));
  // The product leaves gaps between rows and matrices unchanged.
  product.copy_from(expected);
  result.view(result.memory.host, spec.batch, spec.M, spec.N).copy_from(expected);
  EXPECT_TRUE(identical(actual, result.memory.host));
}

TEST(ProductParity, EveryLayoutAndDType) {
  struct Types {
    DType dtype;
    DType result_dtype;
    MatrixMath math = MatrixMath::strict;
  };
  const Types types[] = {{DType::f64, DType::f64}, {DType::f32, DType::f32}, {DType::f32, DType::f32, MatrixMath::tf32},
                         {DType::f16, DType::f16}, {DType::f16, DType::f32}, {DType::bf16, DType::bf16},
                         {DType::bf16, DType::f32}};
  for (std::uint64_t seed = 0; seed < 210; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    const Types& type = types[seed % 7];
    const auto size = [&] { return random.pick<std::int64_t>({1, 2, 7, 16, 33, 64}); };
    expect_product(random, {.M = size(),
                            .N = size(),
                            .K = random.coin(0.05) ? 0 : size(),
                            .batch = random.integer(1, 3),
                            .dtype = type.dtype,
                            .result_dtype = type.result_dtype,
                            .math = type.math});
  }
}

TEST(ProductParity, NothingIsWrittenWhereThereIsNothing) {
  const Tensor memory = Tensor::full({4}, 7, DType::f32, device_under_test());
  for (const ProductSpec& spec : {ProductSpec{.M = 0, .N = 2, .K = 2}, ProductSpec{.M = 2, .N = 0, .K = 2},
                                  ProductSpec{.M = 2, .N = 2, .K = 2, .batch = 0}}) {
    ProductSpec with_rows = spec;
    with_rows.a.row_stride = with_rows.b.row_stride = with_rows.result.row_stride = 2;
    run(with_rows, memory, memory, memory);
  }
  EXPECT_TRUE(same(memory, Tensor::full({4}, 7, DType::f32)));
}

TEST(ProductParity, TF32RoundsOperandsAndStrictDoesNot) {
  const Device device = device_under_test();
  const Tensor a = Tensor::full({64, 64}, 1 + 0x1p-20, DType::f32);
  const Tensor identity = Tensor::zeros({64, 64}, DType::f32);
  for (std::int64_t i = 0; i < 64; ++i) identity.data<float>()[i * 65] = 1;
  ProductSpec spec{.M = 64, .N = 64, .K = 64, .a = {64}, .b = {64}, .result = {64}};
  const Tensor result = Tensor::empty({64, 64}, DType::f32, device);
  run(spec, a.to(device), identity.to(device), result);
  EXPECT_TRUE(same(result, a));
  spec.math = MatrixMath::tf32;
  run(spec, a.to(device), identity.to(device), result);
  EXPECT_TRUE(same(result, Tensor::full({64, 64}, 1, DType::f32)));
}

TEST(ProductParity, SpecsOfNoProductAreRefused) {
  const auto refused = [](const ProductSpec& spec, const std::vector<std::string>& words) {
    expect_words<ValueError>([&] { Product(spec, device_under_test()); }, words);
  };
  const ProductSpec good{.M = 4, .N = 4, .K = 4, .a = {4}, .b = {4}, .result = {4}};
  EXPECT_NO_THROW(Product(good, device_under_test()));
  ProductSpec spec = good;
  spec.a.row_stride = 2;
  refused(spec, {"spec of a product", "f32 (4, 4) stride 2 x (4, 4) stride 4", "rows that do not overlap"});
  spec = good;
  spec.b.batch_stride = -16;
  refused(spec, {"stride 4 and -16", "no negative stride"});
  spec = good;
  spec.result_dtype = DType::f16;
  refused(spec, {"to f16", "a result of their dtype or f32"});
  spec.dtype = spec.result_dtype = DType::i32;
  refused(spec, {"i32", "floating operands"});
}

TEST(ProductCache, RemembersProductsBySpecAndDevice) {
  const Device device = device_under_test();
  ProductSpec spec{.M = 2, .N = 3, .K = 4, .a = {4}, .b = {3}, .result = {3}};
  const auto first = cached_product(spec, device);
  EXPECT_EQ(cached_product(spec, device), first);
  spec.math = MatrixMath::tf32;
  EXPECT_NE(cached_product(spec, device), first);
  for (std::int64_t M = 3; M < 3 + static_cast<std::int64_t>(kCachedProducts); ++M) {
    spec.M = M;
    cached_product(spec, device);
  }
  spec.M = 2;
  spec.math = MatrixMath::strict;
  EXPECT_NE(cached_product(spec, device), first);  // the cache has dropped it for later products
}

}  // namespace
}  // namespace rondo::test
