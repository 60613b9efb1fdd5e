// Reductions and softmax: checks, result, dispatch to the device.

#include <array>

#include "ops/backend.h"
#include "ops/check.h"
#include "rondo/ops/ops.h"
#include "rondo/vocabulary/error.h"

namespace rondo {
namespace {

using AxisSet = std::array<bool, kMaxRank>;

AxisSet axis_set(const Argument& x, const std::vector<int>& axes) {
  AxisSet chosen{};
  if (axes.empty()) chosen.fill(true);
  for (const int axis : axes) {
    bool& mark = chosen[static_cast<std::size_t>(checked_axis(x, axis))];
    if (mark) {
      throw ValueError("axes of " + std::string(x.function), "axis " + std::to_string(axis) + " twice",
                       "each axis of " + describe(x.tensor) + " at most once");
    }
    mark = true;
  }
  return chosen;
}

Tensor reduce(const Argument& argument, ReduceOp op, const std::vector<int>& axes, bool keep) {
  const Tensor& x = argument.tensor;
  const OpsBackend& backend = backend_of(x.device());
  const AxisSet chosen = axis_set(argument, axes);
  Shape kept = x.shape();
  Shape dropped;
  for (int axis = 0; axis < x.rank(); ++axis) {
    if (chosen[static_cast<std::size_t>(axis)]) {
      kept[axis] = 1;
    } else {
      dropped = dropped.insert(dropped.rank(), x.size(axis));
    }
  }
  if (op == ReduceOp::max && x.numel() == 0 && kept.numel() > 0) {
    throw ValueError(argument.text(), describe(x), "an element to be the maximum");
  }
  Tensor result = Tensor::empty(kept, x.dtype(), x.device());
  backend.reduce(op, x, result);
  return keep ? result : result.reshape(dropped);
}

}  // namespace

Tensor sum(const Tensor& x, const std::vector<int>& axes, bool keep) {
  check_number({"sum", "x", x});
  return reduce({"sum", "x", x}, ReduceOp::sum, axes, keep);
}

Tensor mean(const Tensor& x, const std::vector<int>& axes, bool keep) {
  check_floating({"mean", "x", x});
  return reduce({"mean", "x", x}, ReduceOp::mean, axes, keep);
}

Tensor max(const Tensor& x, const std::vector<int>& axes, bool keep) {
  check_number({"max", "x", x});
  return reduce({"max", "x", x}, ReduceOp::max, axes, keep);
}

Tensor softmax(const Tensor& x, int axis) {
  const Argument argument{"softmax", "x", x};
  check_floating(argument);
  const int resolved = checked_axis(argument, axis);
  const OpsBackend& backend = backend_of(x.device());
  Tensor result = Tensor::empty(x.shape(), x.dtype(), x.device());
  backend.softmax(x, resolved, result);
  return result;
}

}  // namespace rondo
