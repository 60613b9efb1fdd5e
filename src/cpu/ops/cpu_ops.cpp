#include "cpu/ops/cpu_ops.h"

namespace rondo {
namespace {

class CpuOps final : public OpsBackend {
 public:
  void unary(const UnaryOp& op, const Tensor& x, const Tensor& result) const override { cpu_unary(op, x, result); }
  void binary(BinaryOp op, const Tensor& a, const Tensor& b, const Tensor& result) const override {
    cpu_binary(op, a, b, result);
  }
  void where(const Tensor& condition, const Tensor& if_true, const Tensor& if_false,
             const Tensor& result) const override {
    cpu_where(condition, if_true, if_false, result);
  }
  void reduce(ReduceOp op, const Tensor& x, const Tensor& result) const override { cpu_reduce(op, x, result); }
  void softmax(const Tensor& x, int axis, const Tensor& result) const override { cpu_softmax(x, axis, result); }
  void matmul(const Tensor& a, const Tensor& b, const Tensor& result) const override { cpu_matmul(a, b, result); }
  bool convolution(const Tensor& x, const Tensor& kernel, std::span<const ConvolutionAxis> axes,
                   const Tensor& result) const override {
    return cpu_convolution(x, kernel, axes, result);
  }
  void sequence_mask(const Tensor& lengths, const Tensor& result) const override { cpu_sequence_mask(lengths, result); }
};

}  // namespace

const OpsBackend& cpu_ops() {
  static const CpuOps ops;
  return ops;
}

}  // namespace rondo
