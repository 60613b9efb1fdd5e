// Functions that move elements without arithmetic, written with views and copies, which every device has.

#include "ops/backend.h"
#include "ops/check.h"
#include "rondo/ops/ops.h"
#include "rondo/vocabulary/error.h"

namespace rondo {
namespace {

// Throws unless `part` agrees with `first` in everything but the size of `axis`.
void check_part(const Tensor& first, const Tensor& part, int axis, const std::string& name) {
  check_agree({"concat", "parts[0]", first}, {"concat", name.c_str(), part});
  Shape resized = part.shape();
  if (part.rank() == first.rank()) resized[axis] = first.size(axis);
  if (!(resized == first.shape())) {
    throw ValueError(name + " of concat", describe(part),
                     "the sizes of parts[0], " + describe(first) + ", but on axis " + std::to_string(axis));
  }
}

}  // namespace

Tensor concat(const std::vector<Tensor>& parts, int axis) {
  if (parts.empty()) throw ValueError("parts of concat", "none", "at least one tensor");
  check_defined({"concat", "parts[0]", parts[0]});
  const int joined = checked_axis({"concat", "parts[0]", parts[0]}, axis);
  Shape shape = parts[0].shape();
  shape[joined] = 0;
  for (std::size_t k = 0; k < parts.size(); ++k) {
    check_part(parts[0], parts[k], joined, "parts[" + std::to_string(k) + "]");
    shape[joined] += parts[k].size(joined);
  }
  Tensor result = Tensor::empty(shape, parts[0].dtype(), parts[0].device());
  std::int64_t begin = 0;
  for (const Tensor& part : parts) {
    result.slice(joined, begin, begin + part.size(joined)).copy_from(part);
    begin += part.size(joined);
  }
  return result;
}

std::vector<Tensor> split(const Tensor& x, int parts, int axis) {
  check_defined({"split", "x", x});
  const std::int64_t size = x.size(checked_axis({"split", "x", x}, axis));
  if (parts < 1 || size % parts != 0) {
    throw ValueError("parts of split", std::to_string(parts),
                     "a divisor of the size of axis " + std::to_string(axis) + " of " + describe(x));
  }
  const std::vector<std::int64_t> sizes(static_cast<std::size_t>(parts), size / parts);
  return split(x, sizes, axis);
}

std::vector<Tensor> split(const Tensor& x, std::span<const std::int64_t> sizes, int axis) {
  check_defined({"split", "x", x});
  const int divided = checked_axis({"split", "x", x}, axis);
  std::vector<Tensor> parts;
  std::int64_t begin = 0;
  for (const std::int64_t size : sizes) {
    if (size < 0 || size > x.size(divided) - begin) {
      throw ValueError("sizes of split", std::to_string(size) + " at " + std::to_string(begin),
                       "sizes that add up to axis " + std::to_string(axis) + " of " + describe(x));
    }
    parts.push_back(x.slice(divided, begin, begin + size));
    begin += size;
  }
  if (begin != x.size(divided)) {
    throw ValueError("sizes of split", "a sum of " + std::to_string(begin),
                     "sizes that add up to axis " + std::to_string(axis) + " of " + describe(x));
  }
  return parts;
}

Tensor reshape(const Tensor& x, const Shape& shape) {
  check_defined({"reshape", "x", x});
  return x.reshape(shape);
}

Tensor transpose(const Tensor& x, std::initializer_list<int> order) {
  check_defined({"transpose", "x", x});
  return x.transpose(order);
}

Tensor zeros_like(const Tensor& x) {
  check_defined({"zeros_like", "x", x});
  return Tensor::zeros(x.shape(), x.dtype(), x.device());
}

Tensor sequence_mask(const Tensor& lengths, std::int64_t T) {
  check_defined({"sequence_mask", "lengths", lengths});
  if (lengths.rank() != 1 || (lengths.dtype() != DType::i32 && lengths.dtype() != DType::i64)) {
    throw ValueError("lengths of sequence_mask", describe(lengths), "a vector of i32 or i64");
  }
  if (T < 0) throw ValueError("T of sequence_mask", std::to_string(T), "0 or more");
  const OpsBackend& backend = backend_of(lengths.device());
  Tensor result = Tensor::empty({lengths.size(0), T}, DType::boolean, lengths.device());
  backend.sequence_mask(lengths, result);
  return result;
}

}  // namespace rondo
