/// DLPack's binary interface in plain C: Rondo's own declarations of the structs of version 1.0
/// (https://dmlc.github.io/dlpack).
///
/// A pointer to one may be cast from and to a pointer to the struct that the comment names, of `dlpack.h`. The names
/// differ, so that a program may include both headers.
#pragma once

#include <stdint.h>

/// `DLDevice`: type 1 is the host, 2 a CUDA device, 3 pinned host memory.
typedef struct rondo_dl_device {
  int32_t device_type;
  int32_t device_id;
} rondo_dl_device;

/// `DLDataType`: code 0 signed, 1 unsigned, 2 IEEE float, 4 bfloat, 6 bool; lanes are 1 here.
typedef struct rondo_dl_data_type {
  uint8_t code;
  uint8_t bits;
  uint16_t lanes;
} rondo_dl_data_type;

/// `DLTensor`: strides count elements; null strides mean row-major without gaps.
typedef struct rondo_dl_tensor {
  void* data;
  rondo_dl_device device;
  int32_t ndim;
  rondo_dl_data_type dtype;
  int64_t* shape;
  int64_t* strides;
  uint64_t byte_offset;
} rondo_dl_tensor;

/// `DLPackVersion`: a version of DLPack.
typedef struct rondo_dl_version {
  uint32_t major;
  uint32_t minor;
} rondo_dl_version;

/// `DLManagedTensorVersioned`: a tensor with its owner, since DLPack 1.0. Whoever has the struct calls
/// `deleter(self)` once, unless it is null. Bit 0 of `flags` forbids writing to the memory.
typedef struct rondo_dl_managed {
  rondo_dl_version version;
  void* manager_ctx;
  void (*deleter)(struct rondo_dl_managed* self);
  uint64_t flags;
  rondo_dl_tensor dl_tensor;
} rondo_dl_managed;
