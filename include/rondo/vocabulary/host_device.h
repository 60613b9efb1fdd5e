/// `RONDO_HOST_DEVICE` marks a function that CUDA kernels and host code share.
#pragma once

#if defined(__CUDACC__)
#define RONDO_HOST_DEVICE __host__ __device__
#else
#define RONDO_HOST_DEVICE
#endif
