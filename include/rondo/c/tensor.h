/// Tensors of rondo_c.h, which are structs of DLPack: a `rondo_dl_tensor` is borrowed, a `rondo_dl_managed` has an
/// owner.
///
/// Functions that run something borrow tensors: the struct for the call, the memory until the run is done. On the CPU
/// that is when the call returns, on a CUDA device when a call that waits for it does. Tensors may have gaps between
/// rows.
#pragma once

#include "rondo/c/status.h"
#include "rondo/tensor/dlpack_abi.h"

#ifdef __cplusplus
extern "C" {
#endif

/// Element types of specs and networks. Tensors have those of DLPack, which are more: i32, i64, bool and u8.
enum { RONDO_F32 = 0, RONDO_F64 = 1, RONDO_F16 = 2, RONDO_BF16 = 3 };

/// How products of f32 are computed.
enum {
  RONDO_MATH_STRICT = 0,
  RONDO_MATH_TF32 = 1,
  RONDO_MATH_TF32X3 = 2,
  RONDO_MATH_BF16 = 3,
  RONDO_MATH_BF16X3 = 4,
  RONDO_MATH_INT8 = 5
};

/// Types of devices.
enum { RONDO_CPU = 0, RONDO_CUDA = 1 };

/// Describes memory of the CPU, row-major without gaps, as a tensor of f32: `view->shape` is `shape` itself, which must
/// stay. `rank` is 0 to 8. Fails for null `data` unless a size is 0, and for negative sizes.
///
/// For other dtypes the caller fills the members in, as any struct of DLPack.
rondo_status rondo_dl_view(float* data, int32_t rank, const int64_t* shape, rondo_dl_tensor* view);

/// Copies a tensor into memory of the library, row-major without gaps, on the same device. `*copy` is the caller's.
rondo_status rondo_dl_copy(const rondo_dl_tensor* tensor, rondo_dl_managed** copy);

/// Calls the tensor's deleter. Null is nothing to free.
void rondo_dl_free(rondo_dl_managed* tensor);

#ifdef __cplusplus
}
#endif
