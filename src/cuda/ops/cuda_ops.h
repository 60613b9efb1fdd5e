/// The operations of rondo/ops.h on a CUDA device: one function per file, gathered behind OpsBackend. All of them are
/// queued on the current stream of their tensors' device.
#pragma once

#include "ops/backend.h"

namespace rondo {

// The contracts are those of the members of OpsBackend.
void cuda_unary(const UnaryOp& op, const Tensor& x, const Tensor& result);
void cuda_binary(BinaryOp op, const Tensor& a, const Tensor& b, const Tensor& result);
void cuda_where(const Tensor& condition, const Tensor& if_true, const Tensor& if_false, const Tensor& result);
void cuda_reduce(ReduceOp op, const Tensor& x, const Tensor& result);
void cuda_softmax(const Tensor& x, int axis, const Tensor& result);
void cuda_matmul(const Tensor& a, const Tensor& b, const Tensor& result);
void cuda_sequence_mask(const Tensor& lengths, const Tensor& result);

}  // namespace rondo
