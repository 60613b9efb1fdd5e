#include "serving/request_check.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <type_traits>

#include "rondo/vocabulary/error.h"
#include "tensor/requirement.h"

namespace rondo {
namespace {

/// The bits of the exponent, which are all set in infinities and NaN.
template <typename Bits>
struct ExponentMask {
  std::int64_t first_outside(const Tensor& x) const {
    const auto* const elements = static_cast<const Bits*>(x.data());
    const std::int64_t count = x.numel();
    const auto* const found =
        std::find_if(elements, elements + count, [this](Bits bits) { return (bits & mask) == mask; });
    return found - elements;
  }

  Bits mask;
};

// The index of the first element that is infinite or NaN; the number of elements where all are finite.
std::int64_t first_not_finite(const Tensor& x) {
  switch (x.dtype()) {
    case DType::f64: return ExponentMask<std::uint64_t>{0x7ff0'0000'0000'0000}.first_outside(x);
    case DType::f32: return ExponentMask<std::uint32_t>{0x7f80'0000}.first_outside(x);
    case DType::f16: return ExponentMask<std::uint16_t>{0x7c00}.first_outside(x);
    case DType::bf16: return ExponentMask<std::uint16_t>{0x7f80}.first_outside(x);
    default: return x.numel();
  }
}

}  // namespace

Tensor checked_steps(const StreamRequest& request, const SlotPoolSizes& sizes, bool refuse_nan) {
  const Tensor& x = request.x;
  if (request.end && !x.defined()) return Tensor::empty({0, sizes.input_features}, sizes.dtype);
  const std::int64_t least = request.end ? 0 : 1;
  const std::int64_t steps = x.defined() && x.rank() == 2 ? std::max(x.size(0), least) : 1;
  check_tensor(x, {.name = "x",
                   .shape = {steps, sizes.input_features},
                   .dtype = sizes.dtype,
                   .device = cpu(),
                   .reason = "one row for each step"});
  Tensor rows = x.contiguous();
  if (!refuse_nan) return rows;
  const std::int64_t at = first_not_finite(rows);
  if (at == rows.numel()) return rows;
  const double value = rows.reshape({-1}).slice(0, at, at + 1).to(DType::f64).item();
  throw ValueError(
      "x",
      std::string(std::isnan(value) ? "NaN" : "infinity") + " in step " + std::to_string(at / sizes.input_features),
      "finite numbers");
}

}  // namespace rondo
