#include "cuda/ops/cuda_ops.h"

namespace rondo {
namespace {

class CudaOps final : public OpsBackend {
 public:
  void unary(const UnaryOp& op, const Tensor& x, const Tensor& result) const override { cuda_unary(op, x, result); }
  void binary(BinaryOp op, const Tensor& a, const Tensor& b, const Tensor& result) const override {
    cuda_binary(op, a, b, result);
  }
  void where(const Tensor& condition, const Tensor& if_true, const Tensor& if_false,
             const Tensor& result) const override {
    cuda_where(condition, if_true, if_false, result);
  }
  void reduce(ReduceOp op, const Tensor& x, const Tensor& result) const override { cuda_reduce(op, x, result); }
  void softmax(const Tensor& x, int axis, const Tensor& result) const override { cuda_softmax(x, axis, result); }
  void matmul(const Tensor& a, const Tensor& b, const Tensor& result) const override { cuda_matmul(a, b, result); }
  void sequence_mask(const Tensor& lengths, const Tensor& result) const override {
    cuda_sequence_mask(lengths, result);
  }
};

}  // namespace

const OpsBackend& cuda_ops() {
  static const CudaOps ops;
  return ops;
}

}  // namespace rondo
