/// The operations of rondo/ops/ops.h on the CPU: one function per file, gathered behind OpsBackend.
#pragma once

#include "ops/backend.h"

namespace rondo {

// The contracts are those of the members of OpsBackend.
void cpu_unary(const UnaryOp& op, const Tensor& x, const Tensor& result);
void cpu_binary(BinaryOp op, const Tensor& a, const Tensor& b, const Tensor& result);
void cpu_where(const Tensor& condition, const Tensor& if_true, const Tensor& if_false, const Tensor& result);
void cpu_reduce(ReduceOp op, const Tensor& x, const Tensor& result);
void cpu_softmax(const Tensor& x, int axis, const Tensor& result);
void cpu_matmul(const Tensor& a, const Tensor& b, const Tensor& result);
bool cpu_convolution(const Tensor& x, const Tensor& kernel, std::span<const ConvolutionAxis> axes,
                     const Tensor& result);
void cpu_sequence_mask(const Tensor& lengths, const Tensor& result);

}  // namespace rondo
