/// Zero-copy exchange of tensors with NumPy, PyTorch, JAX, CuPy and others through DLPack.
///
/// The structs are declared in dlpack_abi.h, in plain C.
#pragma once

#include <cstdint>
#include <optional>

#include "rondo/tensor/dlpack_abi.h"
#include "rondo/tensor/tensor.h"

namespace rondo {
namespace dlpack {

using DLDevice = ::rondo_dl_device;        ///< Where memory is.
using DLDataType = ::rondo_dl_data_type;   ///< The type of elements.
using DLTensor = ::rondo_dl_tensor;        ///< Memory, shape and strides.
using DLPackVersion = ::rondo_dl_version;  ///< The version of the exchange.
/// Since DLPack 1.0, in a capsule named "dltensor_versioned".
using DLManagedTensorVersioned = ::rondo_dl_managed;

/// `DLManagedTensor`: the legacy exchange struct, in a capsule named "dltensor".
struct DLManagedTensor {
  DLTensor dl_tensor;
  void* manager_ctx;
  void (*deleter)(DLManagedTensor* self);
};

/// The flag of DLManagedTensorVersioned that forbids writing to the memory.
inline constexpr std::uint64_t kReadOnlyFlag = 1;
/// The version that Rondo writes.
inline constexpr DLPackVersion kVersion{1, 0};

}  // namespace dlpack

/// Exports a view. The struct shares the tensor's storage and keeps it alive; the receiver calls its `deleter` once.
/// Strides are always written.
///
/// On a CUDA device, `consumer` is the stream on which the receiver will use the memory (the argument of Python's
/// `__dlpack__(stream)`). `consumer` waits for the work queued on the current stream so far, and `deleter` makes the
/// stream that is then current wait for `consumer`. Without a consumer the caller orders the streams.
///
/// @code
/// Tensor x = Tensor::full({2, 3}, 1.0, DType::f32);
/// dlpack::DLManagedTensorVersioned* sent = to_dlpack(x);  // a Python extension puts it into a capsule
/// Tensor received = from_dlpack(sent);                    // the other side: the same memory
/// received.fill(7);                                       // x is full of 7 now
/// @endcode
dlpack::DLManagedTensorVersioned* to_dlpack(const Tensor& tensor, const std::optional<Stream>& consumer = std::nullopt);
/// Exports a view as to_dlpack does, for receivers that know DLPack before 1.0.
dlpack::DLManagedTensor* to_dlpack_legacy(const Tensor& tensor, const std::optional<Stream>& consumer = std::nullopt);

/// Imports a view and takes ownership: `deleter` is called when the last tensor that views the memory is destroyed, and
/// also before an exception leaves this function. Throws `ValueError` for another major version, a device or element
/// type that Rondo does not have, memory that the device cannot use, or null. A tensor flagged read-only is imported
/// and must not be written to.
///
/// On a CUDA device, `producer` is the stream on which the memory is written. The current stream waits for the work
/// queued on `producer` so far, and before `deleter` is called `producer` waits for the stream that is then current.
/// Without a producer the caller orders the streams.
Tensor from_dlpack(dlpack::DLManagedTensorVersioned* managed, const std::optional<Stream>& producer = std::nullopt);
/// Imports a view as from_dlpack of DLManagedTensorVersioned does, from the struct of DLPack before 1.0.
Tensor from_dlpack(dlpack::DLManagedTensor* managed, const std::optional<Stream>& producer = std::nullopt);

}  // namespace rondo
