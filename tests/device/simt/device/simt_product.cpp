// cuda/products/product.h on the simulated device: loops with the hardware's rounding of operands and type of sums.

#include <bit>
#include <cstddef>
#include <cstdint>

#include "cuda/products/product.h"
#include "cuda/runtime/calls.h"
#include "device/simt/device/stream_queue.h"
#include "rondo/vocabulary/error.h"
#include "vocabulary/dispatch_dtype.h"

namespace rondo {
namespace {

// Rounds to 10 bits of fraction: to the nearest, ties away from zero. NaN and infinities do not change.
float rounded_to_tf32(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  constexpr std::uint32_t kInfinity = 0x7f800000U;
  if ((bits & kInfinity) == kInfinity) return value;
  return std::bit_cast<float>((bits + 0x1000U) & ~0x1fffU);
}

/// One matrix of the batch of an operand, whose elements are read in the type of the sums.
template <typename Element, typename Sum>
class OperandView {
 public:
  OperandView(const void* data, const MatrixLayout& layout, std::int64_t matrix, bool rounds)
      : data_(static_cast<const Element*>(data) + matrix * layout.batch_stride), layout_(layout), rounds_(rounds) {}

  Sum operator()(std::int64_t row, std::int64_t column) const {
    const std::int64_t stride = layout_.row_stride;
    const auto value = convert_element<Sum>(data_[layout_.transposed ? column * stride + row : row * stride + column]);
    if constexpr (std::is_same_v<Sum, float>) return rounds_ ? rounded_to_tf32(value) : value;
    return value;
  }

 private:
  const Element* data_;
  const MatrixLayout& layout_;
  bool rounds_;
};

template <typename Element, typename Result>
void multiply(const ProductSpec& spec, const ProductBuffers& buffers) {
  using Sum = std::conditional_t<std::is_same_v<Element, double>, double, float>;
  const bool rounds = spec.dtype == DType::f32 && spec.math == MatrixMath::tf32;
  for (std::int64_t matrix = 0; matrix < spec.batch; ++matrix) {
    const OperandView<Element, Sum> a(buffers.a, spec.a, matrix, rounds);
    const OperandView<Element, Sum> b(buffers.b, spec.b, matrix, rounds);
    Result* result = static_cast<Result*>(buffers.result) + matrix * spec.result.batch_stride;
    for (std::int64_t i = 0; i < spec.M; ++i) {
      for (std::int64_t j = 0; j < spec.N; ++j) {
        Sum sum = 0;
        for (std::int64_t k = 0; k < spec.K; ++k) sum += a(i, k) * b(k, j);
        result[i * spec.result.row_stride + j] = convert_element<Result>(sum);
      }
    }
  }
}

void multiply(const ProductSpec& spec, const ProductBuffers& buffers) {
  dispatch_dtype(spec.dtype, [&]<typename Element>(ElementTag<Element>) {
    if constexpr (std::is_floating_point_v<Element> || kIs16Bit<Element>) {
      if (spec.result_dtype == spec.dtype) return multiply<Element, Element>(spec, buffers);
      if constexpr (kIs16Bit<Element>) multiply<Element, float>(spec, buffers);
    }
  });
}

}  // namespace

struct Product::Impl {
  ProductSpec spec;
};

Product::Product(const ProductSpec& spec, Device) : impl_(std::make_unique<Impl>(Impl{spec})) { check_product(spec); }
Product::~Product() = default;
Product::Product(Product&&) noexcept = default;
Product& Product::operator=(Product&&) noexcept = default;

// The product asks for a workspace that it does not need, so that tests find a caller that passes none.
std::size_t Product::workspace_bytes() const { return impl_->spec.K > 0 ? kWorkspaceBytes : 0; }

void Product::run(const ProductBuffers& buffers, Stream stream) const {
  const ProductSpec& spec = impl_->spec;
  if (spec.K == 0) return fill_result_with_zeros(spec, buffers.result, stream);
  if (spec.M == 0 || spec.N == 0 || spec.batch == 0) return;
  if (buffers.workspace == nullptr || reinterpret_cast<std::uintptr_t>(buffers.workspace) % 256 != 0) {
    throw RuntimeError("no workspace, aligned to 256 bytes, for " + in_words(spec));
  }
  cuda_runtime::announce(cuda_runtime::Call::launch);
  test::simt::submit(stream, [spec, buffers] { multiply(spec, buffers); });
}

}  // namespace rondo
